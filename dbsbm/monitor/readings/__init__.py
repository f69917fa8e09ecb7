"""What is measured, one source a file: statements, calls, tasks, processes, servers."""
