"""Writes: what they change, told to the cache before and after their commit."""
