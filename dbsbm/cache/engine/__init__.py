"""The logic of the cache, which waits for nothing itself, and its runners: threads, coroutines."""
