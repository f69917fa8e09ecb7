"""What operators changed of the table of categories, and how every process comes to know."""
