"""Lifetimes of what the cache holds, learned from what reloads have shown, under a stale budget."""
