"""DBSBM: the product. Plain synchronous Python; importing it opens no connection."""
