"""What the dashboard reads, and how it becomes charts, tables and a verdict."""
