"""How the cache server is."""

from __future__ import annotations

import time
from dataclasses import dataclass

import redis


@dataclass(frozen=True, slots=True)
class CacheHealth:
    """One look at the server. Where it does not answer, everything else is None.

    Attributes:
        reachable: It answered, and let us in.
        error: Why not, else None.
        latency: Seconds that a PING took.
        used_memory: Bytes in use.
        max_memory: Bytes it may use; 0 is no limit.
        policy: What it does when they are used up, such as `allkeys-lfu`.
        evicted_keys: Keys it has given up for lack of memory since it started.
        keys: Keys in our database.
    """

    reachable: bool
    error: str | None = None
    latency: float | None = None
    used_memory: int | None = None
    max_memory: int | None = None
    policy: str | None = None
    evicted_keys: int | None = None
    keys: int | None = None


def check(client: redis.Redis) -> CacheHealth:
    """Look at the server. Never raises because of it."""
    try:
        client.ping()  # what is timed next shall not include connecting
        began = time.perf_counter()
        client.ping()
        latency = time.perf_counter() - began
        memory, stats, keys = client.info("memory"), client.info("stats"), client.dbsize()
    except redis.RedisError as error:
        return CacheHealth(reachable=False, error=str(error))
    return CacheHealth(
        reachable=True,
        latency=latency,
        used_memory=int(memory["used_memory"]),
        max_memory=int(memory["maxmemory"]),
        policy=str(memory["maxmemory_policy"]),
        evicted_keys=int(stats["evicted_keys"]),
        keys=int(keys),
    )
