"""Celery's entry points, one module a kind of work: decode, call the product, return. No logic."""
