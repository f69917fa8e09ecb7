"""What a statement asks for, read from its text."""
