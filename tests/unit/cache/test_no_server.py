from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbsbm.cache import MISS, AsyncCache, Cache, Category, EncodeError, Key
from dbsbm.cache.categories import Policy
from dbsbm.cache.engine.expiry import Lifetime, early_ms, lifetime
from dbsbm.cache.stats import Counters

KEY = Key.of(Category.GAME_DATA, 1)
IMAGE = Key.of(Category.IMAGE_CACHE, 1)


def test_a_cache_without_a_server_holds_nothing_and_loads_every_time() -> None:
    cache = Cache(None)
    assert cache.get(KEY) is MISS
    assert cache.get_many([KEY, IMAGE]) == {}
    assert not cache.set(KEY, 1)
    assert cache.set_many({KEY: 1, IMAGE: b"x"}) == 0
    assert [cache.get_or_load(KEY, lambda: 5) for _ in range(2)] == [5, 5]
    assert cache.invalidate(KEY)
    assert cache.invalidate_category(Category.GAME_DATA)
    counted = cache.stats.snapshot()[Category.GAME_DATA]
    assert (counted.misses, counted.loads, counted.drops, counted.errors) == (4, 2, 4, 0)


async def test_an_async_cache_without_a_server_holds_nothing() -> None:
    cache = AsyncCache(None)
    assert await cache.get(KEY) is MISS
    assert await cache.get_many([]) == {}
    assert not await cache.set(KEY, 1)
    assert cache.stats.snapshot()[Category.GAME_DATA] == Counters(misses=1, drops=1)


def test_a_miss_is_falsy_and_not_none() -> None:
    assert not MISS
    assert MISS is not None


@pytest.mark.parametrize(("key", "value"), [(KEY, object()), (IMAGE, "text"), (KEY, {"a": 1j})])
async def test_a_value_that_cannot_be_encoded_raises_only_where_it_is_set(
    key: Key, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(EncodeError):
        Cache(None).set(key, value)
    with pytest.raises(EncodeError):
        Cache(None).set_many({key: value})
    assert not caplog.records
    assert not await AsyncCache(None).set(key, value)
    assert [vars(each)["action"] for each in caplog.records] == ["cache.refused_value"]


def steady(ttl: timedelta) -> Policy:
    return Policy(ttl=ttl, grace=timedelta(minutes=1), jitter=0.0, max_bytes=1024)


@pytest.mark.parametrize(
    ("asked", "given_ms"),
    [
        (None, 900_000),
        (timedelta(seconds=10), 10_000),
        (timedelta(milliseconds=1), 1),
        (timedelta(days=1), 900_000),
    ],
)
def test_a_lifetime_is_never_longer_than_its_category(
    asked: timedelta | None, given_ms: int
) -> None:
    given = lifetime(steady(timedelta(minutes=15)), 1, asked)
    assert given == Lifetime(given_ms, given_ms + 60_000)


@pytest.mark.parametrize("asked", [timedelta(0), timedelta(seconds=-1), timedelta(microseconds=9)])
def test_a_lifetime_of_nothing_is_an_error(asked: timedelta) -> None:
    with pytest.raises(ValueError, match="at least a millisecond"):
        Cache(None).set(KEY, 1, ttl=asked)


def test_the_answer_that_there_is_none_lives_shorter() -> None:
    policy = replace(steady(timedelta(minutes=15)), negative_ttl=timedelta(seconds=5))
    assert lifetime(policy, None, None).fresh_ms == 5_000
    assert lifetime(policy, None, timedelta(seconds=1)).fresh_ms == 1_000
    assert lifetime(policy, 0, None).fresh_ms == 900_000


def test_jitter_only_shortens_and_spreads() -> None:
    policy = replace(steady(timedelta(minutes=15)), jitter=0.2)
    given = [lifetime(policy, 1, None).fresh_ms for _ in range(500)]
    assert 720_000 <= min(given) < 760_000
    assert 860_000 < max(given) <= 900_000


def test_the_longer_a_load_takes_the_earlier_is_it_repeated() -> None:
    assert early_ms(0) == 0
    drawn = [early_ms(200_000) for _ in range(5_000)]
    assert min(drawn) >= 0
    # An exponential distribution with the load's duration as its mean.
    assert 180 < sum(drawn) / len(drawn) < 220


def test_a_value_too_large_for_its_category_is_dropped_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache, limit = Cache(None), Category.IMAGE_CACHE.max_bytes
    assert not cache.set(IMAGE, b"x" * (limit + 1))
    assert cache.stats.snapshot()[Category.IMAGE_CACHE].drops == 1
    [line] = caplog.records
    assert line.getMessage().startswith(f"A value of {limit + 1} bytes is too large")
