"""Calls that a task repeats once a row where one would do: N+1, whatever is called."""
