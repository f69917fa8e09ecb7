from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis

from dbsbm.cache import MISS, Cache, Category, Key, connect
from dbsbm.cache.keys import BATCH
from dbsbm.cache.stats import Counters
from tests.integration.cache.looks import calls, commands
from tests.servers import CACHE_OPTIONS, ValkeyServer, start_valkey
from tests.unit.cache.values import shape

GAME = Category.GAME_DATA
KEY = Key.of(GAME, "nfl", 42)
SLACK_MS = 60_000


def value_for(category: Category, text: str = "value") -> Any:
    return text.encode() if category.codec == "bytes" else {"text": text}


@pytest.mark.parametrize("category", Category)
def test_a_value_lives_as_long_as_its_category_says(
    cache: Cache, client: redis.Redis, category: Category
) -> None:
    key, value = Key.of(category, 1), value_for(category)
    assert cache.set(key, value)
    assert cache.get(key) == value
    assert_lives_as_promised(category, client.pttl(key.wire))


@pytest.mark.parametrize("category", Category)
def test_a_loaded_value_lives_as_long_as_its_category_says(
    cache: Cache, client: redis.Redis, category: Category
) -> None:
    key = Key.of(category, 1)
    cache.get_or_load(key, lambda: value_for(category))
    assert_lives_as_promised(category, client.pttl(key.wire))


def assert_lives_as_promised(category: Category, left_ms: int) -> None:
    """It is fresh for its time, shortened by the jitter at most, and then served in need."""
    policy, millisecond = category.policy, timedelta(milliseconds=1)
    longest = (policy.ttl + policy.grace) // millisecond
    shortest = (policy.ttl * (1 - policy.jitter) + policy.grace) // millisecond
    assert shortest - SLACK_MS < left_ms <= longest


def test_a_shorter_life_can_be_asked_for(cache: Cache, client: redis.Redis) -> None:
    loaded, many = Key.of(GAME, "loaded"), Key.of(GAME, "many")
    minute = timedelta(minutes=1)
    cache.set(KEY, 1, ttl=minute)
    cache.get_or_load(loaded, lambda: 1, ttl=minute)
    cache.set_many({many: 1}, ttl=minute)
    longest = (minute + GAME.policy.grace) // timedelta(milliseconds=1)
    assert all(0 < client.pttl(key.wire) <= longest for key in (KEY, loaded, many))


def test_reading_does_not_lengthen_a_life(cache: Cache, client: redis.Redis) -> None:
    cache.set(KEY, 1)
    before = client.pexpiretime(KEY.wire)
    assert cache.get(KEY) == cache.get(KEY) == 1
    assert client.pexpiretime(KEY.wire) == before


def test_values_come_back_exactly(cache: Cache) -> None:
    value = {
        "odds": [Decimal("1.910"), Decimal("-0")],
        "at": datetime(2026, 11, 22, 18, tzinfo=UTC),
        "id": UUID(int=7),
        "raw": b"\x00\xff",
        (1, "a"): {1, 2, 3},
        None: None,
    }
    cache.set(KEY, value)
    assert shape(cache.get(KEY)) == shape(value)


def test_none_can_be_cached(cache: Cache) -> None:
    assert cache.get(KEY) is MISS
    cache.set(KEY, None)
    assert cache.get(KEY) is None
    assert cache.get_many([KEY]) == {KEY: None}
    assert cache.get_or_load(KEY, lambda: "loaded") is None


def test_many_values_take_few_round_trips(cache: Cache, valkey_cache: ValkeyServer) -> None:
    values = {
        Key.of(category, number): value_for(category, str(number))
        for category in (GAME, Category.IMAGE_CACHE)
        for number in range(BATCH)
    }
    assert cache.set_many(values) == 2 * BATCH
    absent = [Key.of(GAME, "absent", number) for number in range(5)]
    assert cache.get_many([*absent, *values, *absent]) == values
    assert calls(valkey_cache, "mget") == 3
    assert calls(valkey_cache, "evalsha") <= 3 + 1  # one answers that it does not know the script
    counted = cache.stats.snapshot()
    assert (counted[GAME].hits, counted[GAME].misses, counted[GAME].sets) == (BATCH, 5, BATCH)
    assert counted[Category.IMAGE_CACHE].bytes_read == counted[Category.IMAGE_CACHE].bytes_written


def test_only_the_first_read_of_a_value_is_written_down(
    cache: Cache, client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    cache.set(KEY, 1)
    assert client.getrange(KEY.wire, 0, 0) == b"N"
    for _ in range(10):
        cache.get(KEY)
    assert client.getrange(KEY.wire, 0, 0) == b"R"
    assert calls(valkey_cache, "evalsha") <= 2
    cache.set(KEY, 2)
    assert client.getrange(KEY.wire, 0, 0) == b"N"


def test_another_process_reads_what_this_one_wrote(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    value = {"words": {"alpha", "beta"}, "odds": Decimal("1.50")}
    cache.set(Key.of(GAME, "shared", Decimal("1.5")), value)
    program = f"""
from decimal import Decimal
from dbsbm.cache import Cache, Category, Key, connect
with connect({valkey_cache.url!r}, connect_timeout=30, timeout=30) as client:
    value = Cache(client).get(Key.of(Category.GAME_DATA, "shared", Decimal("1.5")))
assert value == {value!r}, value
"""
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, check=True
        )


def test_what_another_release_wrote_is_a_miss_and_is_replaced(
    cache: Cache, client: redis.Redis
) -> None:
    client.set(KEY.wire, b"N\x00\x00\x00\x01\x7f{}", ex=60)
    assert cache.get(KEY) is MISS
    assert cache.get_or_load(KEY, lambda: "new") == "new"
    assert cache.get(KEY) == "new"


def test_a_key_of_another_type_is_a_miss_and_hurts_no_other(
    cache: Cache, client: redis.Redis
) -> None:
    client.lpush(KEY.wire, "x")
    assert cache.get(KEY) is MISS
    other = Key.of(GAME, "other")
    assert cache.set(other, 1)
    assert cache.get(other) == 1
    assert cache.stats.snapshot()[GAME].errors == 1


def test_a_value_above_the_limit_is_not_sent(cache: Cache, valkey_cache: ValkeyServer) -> None:
    key = Key.of(Category.USER_DATA, 1)
    assert not cache.set(key, "x" * Category.USER_DATA.max_bytes)
    assert "set" not in commands(valkey_cache)
    assert cache.stats.snapshot()[Category.USER_DATA] == Counters(drops=1)


def test_an_invalidated_value_is_gone_and_others_are_not(cache: Cache) -> None:
    keys = [Key.of(GAME, number) for number in range(BATCH + 10)]
    cache.set_many(dict.fromkeys(keys, 1))
    assert cache.invalidate(*keys[5:])
    assert set(cache.get_many(keys)) == set(keys[:5])
    assert cache.stats.snapshot()[GAME].invalidations == BATCH + 5


def test_a_category_is_invalidated_as_a_whole_and_alone(cache: Cache, client: redis.Redis) -> None:
    game = {Key.of(GAME, number): 1 for number in range(3 * BATCH)}
    other = {Key.of(each, 1): value_for(each) for each in Category if each is not GAME}
    cache.set_many({**game, **other})
    client.set("dbsbm:v0:game_data:old", 1)
    assert cache.invalidate_category(GAME)
    assert cache.get_many(game) == {}
    assert cache.get_many(other) == other
    assert client.exists("dbsbm:v0:game_data:old")
    assert cache.stats.snapshot()[GAME].invalidations == 1


def test_a_first_read_takes_a_login_and_the_time_and_no_more(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    looker = valkey_cache.client()
    before = looker.info("commandstats")
    cache.get(KEY)
    after = looker.info("commandstats")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed - {"cmdstat_info"} == {"cmdstat_hello", "cmdstat_time", "cmdstat_get"}


def test_a_unix_socket_serves_as_well(tmp_path: Path) -> None:
    options = ("--unixsocket", "cache.sock", "--requirepass", "secret")
    with start_valkey_with_login(tmp_path, *options) as server:
        url = f"unix://:secret@{server.directory}/cache.sock?db=2"
        with connect(url, connect_timeout=30, timeout=30) as client:
            cache = Cache(client)
            assert cache.set(KEY, 1)
            assert cache.get(KEY) == 1


def start_valkey_with_login(directory: Path, *options: str) -> ValkeyServer:
    """The handle asks without a password whether the server is up, so the login comes later."""
    *before, flag, password = options
    assert flag == "--requirepass"
    server = start_valkey(directory, *CACHE_OPTIONS, *before)
    server.client().config_set("requirepass", password)
    return server
