"""Rules about the fleet: its work, its pool, and its own statements."""
