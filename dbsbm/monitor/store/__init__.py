"""From what the processes handed over to rows in the database, and back to series."""
