from __future__ import annotations

import redis

from dbsbm.cache import Cache, CacheHealth, Category, Key, check, connect
from tests.servers import ValkeyServer, free_port


def test_a_server_that_is_well_says_how_it_is(
    cache: Cache, client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    cache.set(Key.of(Category.SESSION, 1), 1)
    health = check(client)
    assert health.reachable
    assert health.error is None
    assert health.policy == "allkeys-lfu"
    assert health.max_memory == 64 * 1024 * 1024
    assert health.keys == 1
    assert health.evicted_keys == 0
    assert health.latency is not None
    assert health.latency > 0
    assert health.used_memory is not None
    assert 0 < health.used_memory < health.max_memory


def test_evictions_are_seen(client: redis.Redis, valkey_cache: ValkeyServer) -> None:
    valkey_cache.client().config_set("maxmemory", "3mb")
    for number in range(100):
        client.set(f"big:{number}", b"x" * 100_000)
    assert (check(client).evicted_keys or 0) > 0


def test_a_server_that_is_away_is_a_finding_and_no_error() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}") as client:
        health = check(client)
    assert health == CacheHealth(reachable=False, error=health.error)
    assert "refused" in str(health.error)


def test_a_server_that_hangs_is_a_finding_and_no_error(fresh_valkey_cache: ValkeyServer) -> None:
    fresh_valkey_cache.freeze()
    with connect(fresh_valkey_cache.url) as client:
        assert not check(client).reachable
