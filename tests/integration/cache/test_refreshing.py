from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis

from dbsbm.cache import MISS, Cache, Category, Key
from dbsbm.cache.categories import Policy
from dbsbm.cache.engine.refreshing import REFRESH_PREFIX
from dbsbm.cache.policy.mirror import publish
from dbsbm.cache.stats import Reloaded
from tests.integration.cache.watching import wait_for_copy, watching
from tests.servers import ValkeyServer, wait_until

GAME = Category.GAME_DATA
KEY = Key.of(GAME, 1)
BETS = "t:bets"
HOUR = timedelta(hours=1)


@pytest.fixture
def watched(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    with watching(valkey_cache) as cache:
        cache.policies.replace({GAME: {"jitter": 0.0, "grace": HOUR}})
        yield cache


def make_stale(cache: Cache, value: object = "old", **options: Any) -> None:
    """Have a value that is past its time, and not past its grace."""
    cache.get_or_load(KEY, lambda: value, ttl=timedelta(milliseconds=1), **options)
    wait_until(lambda: cache.get(KEY) is MISS)


def test_a_value_past_its_time_is_served_while_it_is_loaded_anew(watched: Cache) -> None:
    make_stale(watched)
    begun, may_end = threading.Event(), threading.Event()

    def load() -> str:
        begun.set()
        assert may_end.wait(30)
        return "new"

    assert watched.get_or_load(KEY, load) == "old"
    assert begun.wait(30)
    assert watched.get_or_load(KEY, load) == "old"
    may_end.set()
    wait_until(lambda: watched.get(KEY) == "new")
    counted = watched.stats.snapshot()[GAME]
    assert (counted.loads, counted.refreshes, counted.stale) == (2, 1, 2)


def test_a_load_that_fails_leaves_the_old_value_in_service(
    watched: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    make_stale(watched)
    assert watched.get_or_load(KEY, lambda: 1 // 0) == "old"
    wait_until(lambda: watched.stats.snapshot()[GAME].load_errors == 1)
    assert watched.get_or_load(KEY, lambda: 1 // 0) == "old"
    wait_until(lambda: "cache.refresh_failed" in actions(caplog))


def actions(caplog: pytest.LogCaptureFixture) -> set[object]:
    return {vars(each).get("action") for each in caplog.records}


def test_a_source_that_is_down_is_not_asked_again_by_each_reader(watched: Cache) -> None:
    make_stale(watched)
    for _ in range(200):
        assert watched.get_or_load(KEY, lambda: 1 // 0) == "old"
    wait_until(lambda: watched.stats.snapshot()[GAME].load_errors >= 1)
    assert watched.stats.snapshot()[GAME].load_errors < 20


def test_plain_reads_do_not_get_what_is_past_its_time(watched: Cache) -> None:
    make_stale(watched)
    assert watched.get(KEY) is MISS
    assert watched.get_many([KEY]) == {}


@pytest.mark.parametrize("how", ["invalidate", "invalidate_tags", "invalidate_category"])
def test_what_was_invalidated_is_never_served_again(watched: Cache, how: str) -> None:
    make_stale(watched, tags=[BETS])
    if how == "invalidate":
        watched.invalidate(KEY)
    elif how == "invalidate_tags":
        watched.invalidate_tags(BETS)
    else:
        watched.invalidate_category(GAME)
    with pytest.raises(ZeroDivisionError):
        watched.get_or_load(KEY, lambda: 1 // 0, tags=[BETS])


def test_after_its_grace_a_value_is_gone(watched: Cache, client: redis.Redis) -> None:
    watched.policies.replace({GAME: {"jitter": 0.0, "grace": timedelta(0)}})
    make_stale(watched)
    wait_until(lambda: not client.exists(KEY.wire))
    with pytest.raises(ZeroDivisionError):
        watched.get_or_load(KEY, lambda: 1 // 0)


def test_a_refresh_that_a_change_overtook_is_not_stored(
    watched: Cache, client: redis.Redis
) -> None:
    make_stale(watched, tags=[BETS])
    begun, may_end = threading.Event(), threading.Event()

    def load() -> str:
        begun.set()
        assert may_end.wait(30)
        return "overtaken"

    assert watched.get_or_load(KEY, load, tags=[BETS]) == "old"
    assert begun.wait(30)
    watched.invalidate_tags(BETS)
    assert watched.get_or_load(KEY, lambda: "new", tags=[BETS]) == "new"
    drops = watched.stats.snapshot()[GAME].drops
    may_end.set()
    wait_until(lambda: watched.stats.snapshot()[GAME].drops == drops + 1)
    assert watched.get(KEY) == "new"
    assert not client.keys(f"{REFRESH_PREFIX}*")


def test_a_loader_of_the_callers_own_thread_is_called_by_no_other(watched: Cache) -> None:
    make_stale(watched)
    seen: list[int] = []

    def load() -> str:
        seen.append(threading.get_ident())
        return "new"

    assert watched.get_or_load(KEY, load, background=False) == "new"
    assert seen == [threading.get_ident()]
    assert watched.get(KEY) == "new"


def test_if_it_fails_there_the_caller_gets_the_old_value(watched: Cache) -> None:
    make_stale(watched)
    assert watched.get_or_load(KEY, lambda: 1 // 0, background=False) == "old"
    counted = watched.stats.snapshot()[GAME]
    assert (counted.load_errors, counted.stale) == (1, 1)


def test_a_value_that_takes_long_to_load_is_loaded_before_it_ends(
    watched: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.get_or_load(KEY, lambda: "old")
    wait_for_copy(watched, KEY)
    monkeypatch.setattr(
        "dbsbm.cache.engine.core.early_ms", lambda _: 10 * HOUR.total_seconds() * 1000
    )
    watched._core.forget([KEY.wire])
    assert watched.get_or_load(KEY, lambda: "new") == "old"
    monkeypatch.undo()
    wait_until(lambda: watched.get(KEY) == "new")
    counted = watched.stats.snapshot()[GAME]
    assert (counted.refreshes, counted.stale) == (1, 0)


def test_a_copy_that_is_due_is_loaded_anew_too(watched: Cache) -> None:
    watched.get_or_load(KEY, lambda: "old")
    wait_for_copy(watched, KEY)
    entry = watched.copy_of(KEY.wire)
    assert entry is not None
    entry.refresh_at = watched._clock()
    assert watched.copy_of(KEY.wire) is entry
    assert watched.lasting_copy_of(KEY.wire) is None
    assert watched.copy_of(KEY.wire) is None


def test_a_refresh_on_demand_serves_the_old_value_until_the_new_one_is_there(
    watched: Cache,
) -> None:
    watched.set(KEY, "old")
    seen: list[object] = []

    def load() -> str:
        seen.append(watched.get(KEY))
        return "new"

    assert watched.refresh(KEY, load) == "new"
    assert seen == ["old"]
    assert watched.get(KEY) == "new"
    watched.invalidate(KEY)
    assert watched.refresh(KEY, lambda: "newer") == "newer"
    assert watched.get(KEY) == "newer"


def test_the_answer_that_there_is_none_is_asked_for_sooner(watched: Cache) -> None:
    short = {"jitter": 0.0, "negative_ttl": timedelta(seconds=1), "grace": timedelta(0)}
    watched.policies.replace({GAME: short})
    assert watched.get_or_load(KEY, lambda: None) is None
    assert watched.get_or_load(KEY, lambda: "there") is None
    assert watched.stats.snapshot()[GAME].negative == 1
    wait_until(lambda: watched.get_or_load(KEY, lambda: "there") == "there")


def test_a_refresh_that_a_load_has_caused_is_no_part_of_it(watched: Cache) -> None:
    """Its loader may ask for the value that was being loaded when it was wanted."""
    make_stale(watched)
    other = Key.of(GAME, "other")

    def load_other() -> object:
        old = watched.get_or_load(KEY, lambda: watched.get_or_load(other, lambda: "other"))
        return f"made of {old}"

    assert watched.get_or_load(other, load_other) == "made of old"
    wait_until(lambda: watched.get(KEY) == "made of old")
    assert watched.stats.snapshot()[GAME].load_errors == 0


def test_a_changed_policy_is_in_force_at_once(watched: Cache, client: redis.Redis) -> None:
    watched.set(KEY, 1)
    wait_for_copy(watched, KEY)
    publish(client, {GAME: {"local": False, "grace": HOUR}}, revision=1)
    wait_until(lambda: not watched.policies.of(GAME).local)
    wait_until(lambda: watched.copy_of(KEY.wire) is None)
    watched.get(KEY)
    assert watched.copy_of(KEY.wire) is None
    publish(client, {}, revision=2)
    wait_until(lambda: watched.policies.of(GAME) == GAME.policy)


def test_a_reload_tells_whether_the_value_had_changed_and_how_old_it_was(watched: Cache) -> None:
    shown: list[Reloaded] = []
    watched.stats.on_reload = shown.append
    for value in ({"a": 1}, {"a": 1}, {"a": 2}):
        watched.get_or_load(KEY, lambda value=value: value)
        watched.refresh(KEY, lambda value=value: value)
    assert [each.changed for each in shown] == [False, False, True]
    assert {(each.category, each.wire) for each in shown} == {(GAME, KEY.wire)}
    assert all(0 <= each.age < 60 for each in shown)


def test_a_value_past_its_time_tells_its_age_from_when_it_was_stored(watched: Cache) -> None:
    shown: list[Reloaded] = []
    watched.stats.on_reload = shown.append
    watched.get_or_load(KEY, lambda: "old", ttl=timedelta(milliseconds=300))
    wait_until(lambda: watched.get(KEY) is MISS)
    watched.get_or_load(KEY, lambda: "new", background=False)
    assert [each.changed for each in shown] == [True]
    assert 0.25 <= shown[0].age < 60


def test_what_a_commit_invalidates_is_no_reload_and_neither_is_what_is_only_ours(
    watched: Cache,
) -> None:
    shown: list[Reloaded] = []
    watched.stats.on_reload = shown.append
    watched.get_or_load(KEY, lambda: "old", tags=[BETS])
    watched.invalidate_tags(BETS)
    watched.refresh(KEY, lambda: "new", tags=[BETS])
    ours = Key.of(Category.USER_DATA, 1)
    watched.get_or_load(ours, lambda: "old")
    watched.refresh(ours, lambda: "new")
    assert shown == []


class Learned:
    """Has seen what is loaded, and lets it live for ten minutes."""

    def __init__(self) -> None:
        self.seen: list[Reloaded] = []

    def shown(self, reload: Reloaded) -> None:
        self.seen.append(reload)

    def lifetime(self, key: Key, policy: Policy) -> timedelta | None:
        return timedelta(minutes=10) if policy.learned else None


def test_a_loaded_value_lives_as_long_as_was_learned_where_the_policy_says_so(
    watched: Cache, client: redis.Redis
) -> None:
    learned = Learned()
    watched.learn_lifetimes(learned)
    watched.policies.replace({GAME: {"grace": timedelta(0), "jitter": 0.0}})
    watched.get_or_load(KEY, lambda: 1)
    assert 14 * 60 < client.ttl(KEY.wire) <= 15 * 60
    watched.policies.replace({GAME: {"grace": timedelta(0), "jitter": 0.0, "learned": True}})
    watched.refresh(KEY, lambda: 2)
    assert 9 * 60 < client.ttl(KEY.wire) <= 10 * 60
    assert [each.changed for each in learned.seen] == [True]
    asked = Key.of(GAME, "asked")
    watched.get_or_load(asked, lambda: 3, ttl=timedelta(minutes=2))
    assert 60 < client.ttl(asked.wire) <= 120
