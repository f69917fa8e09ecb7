"""Answers of the database that are remembered, and forgotten in the moment they become wrong."""
