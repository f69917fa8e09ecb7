"""The process's own level: what it keeps, what it lets go of, and what it hands out."""
