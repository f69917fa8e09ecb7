"""What a statement says: what it reads, what it writes, and whether it may be remembered."""
