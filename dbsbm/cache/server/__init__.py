"""The cache server: how it is reached, what it does in one step, what it says, and its absence."""
