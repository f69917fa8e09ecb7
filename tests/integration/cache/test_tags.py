from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count

import pytest
import redis

from dbsbm.cache import MISS, Cache, Category, Key, connect
from dbsbm.cache.server.scripts import TAG_LIFE_MS
from dbsbm.cache.tags import tag_wires
from tests.integration.cache.looks import calls
from tests.integration.cache.test_failures import fill
from tests.integration.cache.watching import (
    copy,
    hasty,
    wait_for_copy,
    wait_for_no_copy,
    watching,
)
from tests.servers import ValkeyServer, wait_until

QUERY = Category.DB_QUERY
KEY, OTHER = Key.of(QUERY, 1), Key.of(QUERY, 2)
BETS, GAMES = "t:bets", "t:games"
LONG = 3_600_000


@pytest.fixture
def second(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    """What another process would use."""
    with connect(valkey_cache.url, connect_timeout=30, timeout=30) as client:
        yield Cache(client)


def loader() -> Callable[[], int]:
    """Loads 1, then 2, and so on."""
    numbers = count(1)
    return lambda: next(numbers)


def test_a_tag_invalidates_what_depends_on_it_and_nothing_else(cache: Cache, second: Cache) -> None:
    cache.get_or_load(KEY, lambda: "bets", tags=[BETS, GAMES])
    cache.get_or_load(OTHER, lambda: "games", tags=[GAMES])
    assert second.get_many([KEY, OTHER]) == {KEY: "bets", OTHER: "games"}
    assert second.invalidate_tags(BETS)
    assert cache.get(KEY) is MISS
    assert cache.get_many([KEY, OTHER]) == {OTHER: "games"}
    assert cache.get_or_load(KEY, lambda: "new", tags=[BETS, GAMES]) == "new"
    assert second.get(KEY) == "new"


def test_invalidating_a_tag_takes_one_step_however_many_values_depend_on_it(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    for number in range(50):
        cache.get_or_load(Key.of(QUERY, number), lambda: 1, tags=[BETS])
    cache.invalidate_tags(BETS)
    before = calls(valkey_cache, "evalsha")
    cache.invalidate_tags(BETS)
    assert calls(valkey_cache, "evalsha") == before + 1
    assert cache.get_many(Key.of(QUERY, number) for number in range(50)) == {}


def test_a_tag_that_is_lost_makes_its_values_invalid(cache: Cache, client: redis.Redis) -> None:
    cache.get_or_load(KEY, lambda: "old", tags=[BETS])
    client.unlink(*tag_wires([BETS]))
    assert cache.get(KEY) is MISS
    assert cache.get_or_load(KEY, lambda: "new", tags=[BETS]) == "new"
    assert cache.get(KEY) == "new"


def test_a_value_that_was_stored_without_the_tag_is_loaded_anew(cache: Cache) -> None:
    cache.set(KEY, "without")
    assert cache.get_or_load(KEY, lambda: "with", tags=[BETS]) == "with"
    assert cache.get_or_load(KEY, lambda: "again", tags=[BETS]) == "with"


def test_copies_go_with_their_tag(valkey_cache: ValkeyServer, second: Cache) -> None:
    with watching(valkey_cache) as reader:
        reader.get_or_load(KEY, lambda: "old", tags=[BETS])
        wait_for_copy(reader, KEY)
        second.invalidate_tags(BETS)
        wait_for_no_copy(reader, KEY)
        assert reader.get(KEY) is MISS


def test_a_process_sees_its_own_invalidation_of_a_tag(valkey_cache: ValkeyServer) -> None:
    with watching(valkey_cache) as cache:
        for number in range(30):
            cache.get_or_load(KEY, lambda number=number: number, tags=[BETS])
            wait_for_copy(cache, KEY)
            cache.invalidate_tags(BETS)
            assert copy(cache, KEY) is None
            assert cache.get(KEY) is MISS


@pytest.mark.parametrize(
    "change",
    [
        lambda cache: cache.invalidate_tags(BETS),
        lambda cache: cache.guard([BETS], for_ms=LONG),
        lambda cache: cache.release(cache.guard([BETS], for_ms=LONG), [BETS]),
        lambda cache: cache.invalidate(KEY),
    ],
)
def test_what_was_loaded_before_a_change_is_not_stored_after_it(
    cache: Cache, second: Cache, change: Callable[[Cache], object]
) -> None:
    def load_while_another_process_commits() -> str:
        assert change(second)
        return "old"

    assert cache.get_or_load(KEY, load_while_another_process_commits, tags=[BETS]) == "old"
    assert cache.get(KEY) is MISS
    assert cache.stats.snapshot()[QUERY].drops == 1


def test_between_guard_and_release_nothing_is_stored(cache: Cache, second: Cache) -> None:
    """What is read then may be the old state, and stays when the new one is committed."""
    load = loader()
    cache.get_or_load(KEY, load, tags=[BETS])
    token = second.guard([BETS], for_ms=LONG)
    assert token is not None
    assert [cache.get_or_load(KEY, load, tags=[BETS]) for _ in range(2)] == [2, 3]
    assert cache.get_or_load(OTHER, lambda: "free", tags=[GAMES]) == "free"
    assert cache.get(OTHER) == "free"
    assert second.release(token, [BETS])
    assert [cache.get_or_load(KEY, load, tags=[BETS]) for _ in range(2)] == [4, 4]


def test_a_guard_holds_until_the_last_writer_releases_it(cache: Cache, second: Cache) -> None:
    load = loader()
    first_writer, second_writer = (each.guard([BETS], for_ms=LONG) for each in (cache, second))
    cache.release(first_writer, [BETS])
    assert [cache.get_or_load(KEY, load, tags=[BETS]) for _ in range(2)] == [1, 2]
    second.release(second_writer, [BETS])
    assert [cache.get_or_load(KEY, load, tags=[BETS]) for _ in range(2)] == [3, 3]


GUARD_AND_DIE = """
import os, sys
from dbsbm.cache import Cache, connect
cache = Cache(connect(sys.argv[1], connect_timeout=30, timeout=30))
assert cache.guard(["t:bets"], for_ms=int(sys.argv[2]))
os.kill(os.getpid(), 9)
"""


def test_a_writer_that_dies_leaves_a_guard_that_lapses(
    cache: Cache, valkey_cache: ValkeyServer
) -> None:
    load = loader()
    cache.get_or_load(KEY, load, tags=[BETS])
    subprocess.run([sys.executable, "-c", GUARD_AND_DIE, valkey_cache.url, str(LONG)], check=False)
    assert [cache.get_or_load(KEY, load, tags=[BETS]) for _ in range(2)] == [2, 3]
    cache.invalidate_tags(BETS)
    assert [cache.get_or_load(KEY, load, tags=[BETS]) for _ in range(2)] == [4, 5]

    valkey_cache.client().unlink(*tag_wires([BETS]))
    subprocess.run([sys.executable, "-c", GUARD_AND_DIE, valkey_cache.url, "1"], check=False)
    wait_until(lambda: cache.get_or_load(KEY, load, tags=[BETS]) and cache.get(KEY) is not MISS)


def test_a_tag_lives_longer_than_what_depends_on_it(cache: Cache, client: redis.Redis) -> None:
    [wire] = tag_wires([BETS])
    cache.release(cache.guard([BETS], for_ms=1000), [BETS])
    # Nothing depends on it: it stays no longer than it has to.
    assert 0 < client.pttl(wire) < 120_000
    cache.get_or_load(KEY, lambda: 1, tags=[BETS])
    assert TAG_LIFE_MS - 60_000 < client.pttl(wire) <= TAG_LIFE_MS
    cache.invalidate_tags(BETS)
    assert TAG_LIFE_MS - 60_000 < client.pttl(wire) <= TAG_LIFE_MS


def test_a_tag_that_nothing_depends_on_takes_no_room(cache: Cache, client: redis.Redis) -> None:
    assert cache.invalidate_tags("t:nobody")
    assert client.dbsize() == 0


def test_many_tags_at_once(cache: Cache, client: redis.Redis) -> None:
    tags = [f"t:bets:id=#{number}" for number in range(450)]
    assert cache.guard(tags, for_ms=LONG) is not None
    assert client.dbsize() == 450
    cache.get_or_load(KEY, lambda: 1, tags=tags[:150])
    assert cache.get(KEY) is MISS


@pytest.mark.parametrize("tag", ["t:bets:user=" + "x" * 5000, "t:städte", "t:\ud800", "", "a b\n"])
def test_any_text_is_a_tag(cache: Cache, tag: str) -> None:
    cache.get_or_load(KEY, lambda: 1, tags=[tag])
    assert cache.get(KEY) == 1
    cache.invalidate_tags(tag)
    assert cache.get(KEY) is MISS


def test_a_full_server_learns_what_has_changed(cache: Cache, valkey_cache: ValkeyServer) -> None:
    cache.get_or_load(KEY, lambda: "old", tags=[BETS])
    cache.get_or_load(OTHER, lambda: "old", tags=[GAMES])
    fill(valkey_cache)
    assert cache.invalidate_tags(BETS)
    token = cache.guard([GAMES], for_ms=LONG)
    assert token is not None
    assert cache.release(token, [GAMES])
    assert cache.get_many([KEY, OTHER]) == {}


@pytest.mark.parametrize("tell", ["guard", "release", "invalidate_tags"])
def test_what_the_server_could_not_be_told_of_tags_it_is_told_at_once_when_it_is_back(
    fresh_valkey_cache: ValkeyServer, tell: str
) -> None:
    with hasty(fresh_valkey_cache) as writer:
        writer.get_or_load(KEY, lambda: "old", tags=[BETS])
        fresh_valkey_cache.freeze()
        wait_until(lambda: writer._core.gate.link.is_open)
        if tell == "guard":
            assert writer.guard([BETS], for_ms=1000) is None
        elif tell == "release":
            assert not writer.release(None, [BETS])
        else:
            assert not writer.invalidate_tags(BETS)
        fresh_valkey_cache.thaw()
        wait_until(lambda: not writer._core.gate.link.is_open)
        assert not writer._core.debts
        with connect(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as client:
            assert Cache(client).get(KEY) is MISS


def test_a_value_whose_tag_is_owed_is_not_believed_here(fresh_valkey_cache: ValkeyServer) -> None:
    """A replica is read, and cannot be told of changes."""
    with connect(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as client:
        cache = Cache(client)
        cache.get_or_load(KEY, lambda: "old", tags=[BETS])
        cache.get_or_load(OTHER, lambda: "other", tags=[GAMES])
        fresh_valkey_cache.client().replicaof("127.0.0.1", 1)
        assert not cache.invalidate_tags(BETS)
        assert cache.get_many([KEY, OTHER]) == {OTHER: "other"}
        assert cache.get(KEY) is MISS
        assert cache.get_or_load(KEY, lambda: "new", tags=[BETS]) == "new"


def test_nothing_to_tell_is_told_to_nobody(cache: Cache, valkey_cache: ValkeyServer) -> None:
    assert cache.invalidate_tags()
    assert cache.release(None, [])
    assert cache.guard([], for_ms=1000) is None
    assert calls(valkey_cache, "evalsha") == 0
    assert Cache(None).guard([BETS], for_ms=1000) is None
    assert Cache(None).release(None, [BETS])
