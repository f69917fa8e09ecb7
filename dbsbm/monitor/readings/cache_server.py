"""How full the cache's server is, and what it had to evict."""

from __future__ import annotations

import redis

from dbsbm.monitor.counting.series import Reading, reading


def read_cache_server(cache: redis.Redis) -> list[Reading]:
    """Read the server's gauges; one that does not answer is a reading too, not an error.

    `cache.evicted_keys` and `cache.expired_keys` count from the server's start.
    """
    try:
        info = cache.info("all")
        keys = cache.dbsize()
    except redis.RedisError:
        return [reading("cache.up", 0)]
    return [
        reading("cache.up", 1),
        reading("cache.used_bytes", info["used_memory"]),
        reading("cache.max_bytes", info["maxmemory"]),
        reading("cache.keys", keys),
        reading("cache.evicted_keys", info["evicted_keys"]),
        reading("cache.expired_keys", info["expired_keys"]),
    ]
