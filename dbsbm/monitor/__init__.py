"""What the fleet measures about itself: from counters in each process to rows in the database."""
