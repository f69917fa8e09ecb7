"""Faults of the cache that this one replaces. Each of these tests failed it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dbsbm.cache import Cache, Category, Key
from dbsbm.cache.opening import open_cache
from dbsbm.settings import PROJECT_ROOT
from tests.servers import ValkeyServer, wait_until

BET = {
    "stake": Decimal("2.50"),
    "odds": Decimal("1.9091"),
    "placed_at": datetime(2026, 9, 6, 17, 3, 21, 482_913, tzinfo=UTC),
    "legs": [(1, "home"), (2, None)],
    "tags": {"live", "parlay"},
    "guild": 1_187_654_321_098_765_432,
    1: "a key that is no text",
}

# Another process, which may not hash texts as this one does.
ELSEWHERE = """
import json, sys
from dbsbm.cache import Category
from dbsbm.cache.opening import open_cache

cache, loads = open_cache(sys.argv[1]), []

@cache.cached(Category.GAME_DATA, name="games_of")
def games_of(league, *, team=None, limit=10):
    loads.append(league)
    return [league, team, limit]

games_of("nfl", team="Łódź", limit=5)
key = games_of.key("nfl", team="Łódź", limit=5)
print(json.dumps({"key": key.wire, "loads": len(loads)}))
cache.close()
"""


@pytest.fixture
def cache(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    cache = open_cache(valkey_cache.url)
    yield cache
    cache.close()


@pytest.fixture
def other(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    """The cache of another process: two in one process share nothing."""
    cache = open_cache(valkey_cache.url)
    yield cache
    cache.close()


def test_what_one_process_cached_every_other_one_finds(valkey_cache: ValkeyServer) -> None:
    """Its keys were made with `hash`, whose seed differs from process to process."""
    first, second = (elsewhere(valkey_cache.url, seed) for seed in ("1", "2"))
    assert first["key"] == second["key"]
    assert (first["loads"], second["loads"]) == (1, 0)


def elsewhere(url: str, hash_seed: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, url],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    reported: dict[str, Any] = json.loads(done.stdout)
    return reported


def test_a_value_comes_back_with_the_types_it_had(cache: Cache, other: Cache) -> None:
    """It wrote JSON with `default=str`: money and moments came back as texts."""
    key = Key.of(Category.USER_DATA, "bet")
    assert cache.set(key, BET)
    found = other.get(key)
    assert found == BET
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in BET.items()
    }
    assert [type(leg) for leg in found["legs"]] == [tuple, tuple]


def test_a_write_is_seen_everywhere_without_waiting_for_the_end_of_a_lifetime(
    cache: Cache, other: Cache
) -> None:
    """It kept query results for ten minutes, whatever was written meanwhile."""
    bets = {7: "open"}

    def read(through: Cache) -> str:
        key = Key.of(Category.DB_QUERY, "bet", 7)
        state: str = through.get_or_load(key, lambda: bets[7], tags=["bet:7"])
        return state

    # Until each has it from a cache.
    assert {read(each) for each in (cache, other, cache, other)} == {"open"}
    token = other.guard(["bet:7"], for_ms=30_000)
    assert token is not None
    bets[7] = "won"
    assert other.release(token, ["bet:7"])
    assert read(other) == "won"
    wait_until(lambda: read(cache) == "won", 5, "the other process is told")


def test_the_hit_rate_is_that_of_our_own_reads(cache: Cache, valkey_cache: ValkeyServer) -> None:
    """It reported the server's `keyspace_hits`, which count everybody's traffic."""
    key = Key.of(Category.GAME_DATA, "counted")
    with valkey_cache.client() as stranger:
        for number in range(50):
            stranger.get(f"not ours {number}")
    cache.get(key)
    cache.set(key, 1)
    for _ in range(3):
        cache.get(key)
    counted = cache.stats.snapshot()[Category.GAME_DATA]
    assert (counted.hits, counted.misses) == (3, 1)
    assert valkey_cache.client().info("stats")["keyspace_misses"] >= 50
