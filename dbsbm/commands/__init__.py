"""What members ask for: one handler a command, and the one way to run it exactly once."""
