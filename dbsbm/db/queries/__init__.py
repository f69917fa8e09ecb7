"""Questions to the database that are more than fetching a row."""
