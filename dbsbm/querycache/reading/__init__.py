"""Queries that are answered from the cache, and functions made of them."""
