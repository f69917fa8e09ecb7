"""The unattended work: each module is one job over the process's services."""
