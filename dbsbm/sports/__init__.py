"""Games from the providers into the database and the cache, and out again."""
