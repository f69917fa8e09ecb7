"""What is coming, from the schedule and from what earlier game days were like."""
