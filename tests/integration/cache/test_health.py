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
    info = valkey_cache.client().info("server")
    assert health.server == info["server_name"] == "valkey"
    assert health.version == info["valkey_version"] != info["redis_version"]
    assert health.tracking
    assert (health.problems, health.advice) == ([], [])


def test_looking_leaves_nothing_behind(client: redis.Redis, valkey_cache: ValkeyServer) -> None:
    check(client)
    connections = len(valkey_cache.client().client_list())
    check(client)
    assert client.dbsize() == 0
    assert len(valkey_cache.client().client_list()) <= connections + 1


def test_a_server_that_refuses_to_store_is_a_problem(fresh_valkey_cache: ValkeyServer) -> None:
    with connect(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as client:
        client.replicaof("127.0.0.1", free_port())
        health = check(client)
        assert health.reachable
        assert health.tracking is None
        assert health.problems == [
            "The server does not store: You can't write against a read only replica."
        ]


def test_a_server_that_does_not_tell_of_changes_is_a_problem(
    fresh_valkey_cache: ValkeyServer,
) -> None:
    fresh_valkey_cache.client().acl_setuser("default", enabled=True, commands=["-client|tracking"])
    with connect(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as client:
        health = check(client)
    assert health.tracking is False
    assert len(health.problems) == 1
    assert "every read asks the server" in health.problems[0]


def test_a_server_that_wants_a_password_is_a_problem(fresh_valkey_cache: ValkeyServer) -> None:
    fresh_valkey_cache.client().config_set("requirepass", "hidden")
    with connect(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as client:
        health = check(client)
    assert not health.reachable
    assert health.problems == [
        "The cache's server wants another login; check the password of CACHE_URL."
    ]


def test_a_server_too_old_is_a_problem_and_one_that_never_evicts_is_advised() -> None:
    health = CacheHealth(
        reachable=True, version="6.2.14", tracking=True, policy="noeviction", max_memory=0
    )
    assert health.problems == ["The server is of version 6.2.14; use 7.0 or later."]
    assert [advice.split(";")[0] for advice in health.advice] == [
        "The server has no limit of memory",
        "A full server will refuse to store",
    ]


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
    assert health.problems == [
        f"The cache's server does not answer: {health.error} Does it run where CACHE_URL says?"
    ]


def test_a_server_that_hangs_is_a_finding_and_no_error(fresh_valkey_cache: ValkeyServer) -> None:
    fresh_valkey_cache.freeze()
    with connect(fresh_valkey_cache.url) as client:
        assert not check(client).reachable
