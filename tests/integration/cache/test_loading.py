from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from dbsbm.cache import MISS, Cache, Category, Key, connect
from dbsbm.cache.engine.lease import UNRENEWED_MS
from tests.integration.cache.looks import calls
from tests.servers import ValkeyServer

GAME = Category.GAME_DATA
KEY = Key.of(GAME, "nfl", 42)


def test_a_value_is_loaded_once_and_then_read(cache: Cache) -> None:
    loaded = [cache.get_or_load(KEY, lambda number=number: number) for number in range(3)]
    assert loaded == [0, 0, 0]
    counted = cache.stats.snapshot()[GAME]
    assert (counted.loads, counted.sets, counted.hits, counted.misses) == (1, 1, 2, 1)
    assert counted.load_ns > 0


def test_a_hit_costs_one_command(cache: Cache, valkey_cache: ValkeyServer) -> None:
    cache.set(KEY, 1)
    cache.get(KEY)
    before = calls(valkey_cache, "get"), calls(valkey_cache, "evalsha")
    for _ in range(5):
        cache.get_or_load(KEY, lambda: 2)
    assert calls(valkey_cache, "get") == before[0] + 5
    assert calls(valkey_cache, "evalsha") == before[1]


@pytest.mark.parametrize(
    "remove",
    [
        lambda cache: cache.invalidate(KEY),
        lambda cache: cache.invalidate_category(GAME),
        lambda cache: cache.invalidate(KEY) and cache.set(KEY, "new"),
    ],
)
def test_what_was_loaded_before_an_invalidation_is_not_stored_after_it(
    cache: Cache, valkey_cache: ValkeyServer, remove: Any
) -> None:
    """The classic race: read the old row; commit and invalidate elsewhere; store the old row."""

    def load_while_another_process_commits() -> str:
        with connect(valkey_cache.url, connect_timeout=30, timeout=30) as client:
            assert remove(Cache(client))
        return "old"

    assert cache.get_or_load(KEY, load_while_another_process_commits) == "old"
    assert cache.get(KEY) in {MISS, "new"}
    assert cache.stats.snapshot()[GAME].drops == 1


def test_a_loader_that_raises_leaves_the_way_free(cache: Cache) -> None:
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load(KEY, lambda: 1 // 0)
    assert cache.get_or_load(KEY, lambda: "second") == "second"
    assert cache.get(KEY) == "second"
    assert cache.stats.snapshot()[GAME].loads == 2


def test_a_lease_ends_by_itself(cache: Cache, client: redis.Redis) -> None:
    left: list[int] = []
    cache.get_or_load(KEY, lambda: left.append(client.pttl(KEY.wire)))
    assert 0 < left[0] <= UNRENEWED_MS


@pytest.mark.parametrize("value", [object(), "x" * GAME.max_bytes])
def test_a_value_that_cannot_be_stored_is_returned_all_the_same(
    cache: Cache, client: redis.Redis, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert cache.get_or_load(KEY, lambda: value) is value
    assert not client.exists(KEY.wire)
    assert [vars(line)["action"] for line in caplog.records] == ["cache.refused_value"]
    counted = cache.stats.snapshot()[GAME]
    assert (counted.drops, counted.sets, counted.errors) == (1, 0, 0)


def test_many_callers_of_a_cold_key_all_get_it_and_it_is_stored(
    cache: Cache, threads: ThreadPoolExecutor
) -> None:
    start = threading.Barrier(16)

    def call(_: int) -> Any:
        start.wait()
        return cache.get_or_load(KEY, lambda: {"score": 21})

    assert list(threads.map(call, range(16))) == [{"score": 21}] * 16
    assert cache.get(KEY) == {"score": 21}
    counted = cache.stats.snapshot()[GAME]
    assert counted.sets == 1
    assert counted.loads == counted.sets + counted.drops
