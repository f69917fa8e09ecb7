from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import redis

from dbsbm.cache import MISS, Cache, Category, Key, LoadTimeout, RecursiveLoad, connect
from dbsbm.errors import TransientError
from tests.integration.cache.watching import watching
from tests.servers import ValkeyServer, wait_until

GAME = Category.GAME_DATA
KEY, OTHER = Key.of(GAME, 1), Key.of(GAME, 2)
BETS = "t:bets"


class Load:
    """A loader that waits until it is told what to return, or raise."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.calls = 0
        self.result: Future[Any] = Future()

    def __call__(self) -> Any:
        self.calls += 1
        self.begun.release()
        return self.result.result(30)

    def wait_until_begun(self) -> None:
        assert self.begun.acquire(timeout=30)


@pytest.fixture
def watched(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    with watching(valkey_cache) as cache:
        yield cache


def waiting(cache: Cache) -> int:
    """How many callers wait for flights that later callers can join."""
    return sum(flight._followers for flight in cache._core.flights._by_key.values())


def begin(
    cache: Cache, threads: ThreadPoolExecutor, load: Load, callers: int, **options: Any
) -> list[Future[Any]]:
    """Have callers wait for one load."""
    first = threads.submit(cache.get_or_load, KEY, load, **options)
    load.wait_until_begun()
    more = [threads.submit(cache.get_or_load, KEY, load, **options) for _ in range(callers - 1)]
    wait_until(lambda: waiting(cache) == callers - 1)
    return [first, *more]


@pytest.mark.parametrize("tags", [[], [BETS]])
def test_callers_of_a_process_wait_for_one_load(
    cache: Cache, threads: ThreadPoolExecutor, tags: list[str]
) -> None:
    load = Load()
    callers = begin(cache, threads, load, 10, tags=tags)
    load.result.set_result({"score": 21})
    values = [caller.result(30) for caller in callers]
    assert values == [{"score": 21}] * 10
    assert len({id(value) for value in values}) == 10
    counted = cache.stats.snapshot()[GAME]
    assert (counted.loads, counted.sets, counted.misses, counted.waits) == (1, 1, 10, 9)


def test_what_a_loader_raises_goes_to_all_who_waited_and_nothing_is_stored(
    cache: Cache, client: redis.Redis, threads: ThreadPoolExecutor
) -> None:
    load = Load()
    callers = begin(cache, threads, load, 5)
    load.result.set_exception(ZeroDivisionError())
    assert {type(caller.exception(30)) for caller in callers} == {ZeroDivisionError}
    assert not client.exists(KEY.wire)
    assert cache.get_or_load(KEY, lambda: "next") == "next"
    counted = cache.stats.snapshot()[GAME]
    assert (counted.loads, counted.load_errors, counted.sets) == (2, 1, 1)


def test_what_ends_the_one_who_loads_does_not_end_those_who_wait(
    cache: Cache, threads: ThreadPoolExecutor
) -> None:
    load, next_load = Load(), Load()
    next_load.result.set_result("loaded by another")
    loads = iter([load, next_load])

    def loader() -> Any:
        return next(loads)()

    first, second = (begin_one(cache, threads, loader, index) for index in range(2))
    load.wait_until_begun()
    wait_until(lambda: waiting(cache) == 1)
    load.result.set_exception(KeyboardInterrupt())
    assert second.result(30) == "loaded by another"
    assert isinstance(first.exception(30), KeyboardInterrupt)


def begin_one(
    cache: Cache, threads: ThreadPoolExecutor, load: Callable[[], Any], index: int
) -> Future[Any]:
    future = threads.submit(cache.get_or_load, KEY, load)
    wait_until(lambda: len(cache._core.flights._by_key) == 1 and waiting(cache) == index)
    return future


def test_a_value_that_cannot_be_copied_is_given_to_all_as_it_is(
    cache: Cache, threads: ThreadPoolExecutor
) -> None:
    load, value = Load(), (number for number in range(3))
    callers = begin(cache, threads, load, 3)
    load.result.set_result(value)
    assert [caller.result(30) for caller in callers] == [value] * 3


@pytest.mark.parametrize(
    "change",
    [
        lambda cache: cache.invalidate(KEY),
        lambda cache: cache.invalidate_tags(BETS),
        lambda cache: cache.guard([BETS], for_ms=3_600_000),
        lambda cache: cache.invalidate_category(GAME),
        lambda cache: cache.set(KEY, "new"),
    ],
)
@pytest.mark.parametrize("where", ["in this process", "in another process"])
def test_nobody_joins_a_load_that_began_before_a_change(
    watched: Cache,
    valkey_cache: ValkeyServer,
    threads: ThreadPoolExecutor,
    change: Callable[[Cache], Any],
    where: str,
) -> None:
    """Whoever reads after the change must see it: in a load that began before it may be the old."""
    old = Load()
    before = begin(watched, threads, old, 2, tags=[BETS])
    if where == "in this process":
        change(watched)
    else:
        with connect(valkey_cache.url, connect_timeout=30, timeout=30) as client:
            change(Cache(client))
        wait_until(lambda: not watched._core.flights._by_key)
    assert watched.get_or_load(KEY, lambda: "new", tags=[BETS]) == "new"
    old.result.set_result("old")
    assert [caller.result(30) for caller in before] == ["old", "old"]
    assert watched.get_or_load(KEY, lambda: "newer", tags=[BETS]) in {"new", "newer"}


def test_a_loader_that_asks_for_its_own_value_is_told_so(cache: Cache) -> None:
    def load() -> Any:
        return cache.get_or_load(KEY, load)

    with pytest.raises(RecursiveLoad, match="asks the cache for"):
        cache.get_or_load(KEY, load)
    assert cache.get_or_load(KEY, lambda: "now") == "now"


def test_loaders_that_ask_in_a_circle_are_told_so(cache: Cache) -> None:
    def load() -> Any:
        return cache.get_or_load(OTHER, lambda: cache.get_or_load(KEY, load))

    with pytest.raises(RecursiveLoad):
        cache.get_or_load(KEY, load)


def test_a_loader_that_asks_for_another_value_gets_it(cache: Cache) -> None:
    assert cache.get_or_load(KEY, lambda: cache.get_or_load(OTHER, lambda: 1) + 1) == 2
    assert cache.get_many([KEY, OTHER]) == {KEY: 2, OTHER: 1}


def test_a_caller_with_a_deadline_does_not_wait_longer_and_the_load_goes_on(cache: Cache) -> None:
    load = Load()
    with pytest.raises(LoadTimeout, match="the load goes on") as raised:
        cache.get_or_load(KEY, load, deadline=timedelta(milliseconds=50))
    assert isinstance(raised.value, TransientError)
    load.result.set_result("late")
    wait_until(lambda: cache.get(KEY) == "late")
    assert cache.get_or_load(KEY, load, deadline=timedelta(seconds=30)) == "late"
    assert load.calls == 1


def test_a_load_that_is_done_before_the_deadline_is_what_the_caller_gets(cache: Cache) -> None:
    patience = timedelta(seconds=30)
    assert cache.get_or_load(KEY, lambda: "in time", deadline=patience) == "in time"
    with pytest.raises(ZeroDivisionError):
        cache.get_or_load(OTHER, lambda: 1 // 0, deadline=patience)
    counted = cache.stats.snapshot()[GAME]
    assert (counted.misses, counted.waits, counted.loads) == (2, 1, 2)


def test_recursion_is_seen_in_the_background_too(cache: Cache) -> None:
    patience = timedelta(seconds=30)

    def load() -> Any:
        return cache.get_or_load(KEY, load, deadline=patience)

    with pytest.raises(RecursiveLoad):
        cache.get_or_load(KEY, load, deadline=patience)


def test_loads_that_never_end_do_not_take_more_threads_than_there_are(cache: Cache) -> None:
    loads = [Load() for _ in range(200)]
    for number, load in enumerate(loads):
        with pytest.raises(LoadTimeout):
            cache.get_or_load(Key.of(GAME, number), load, deadline=timedelta(0))
    assert 1 <= cache._pool._threads <= 8
    for load in loads:
        load.result.set_result(None)
    # Whether those are still stored depends on the machine: their leases may have ended meanwhile.
    wait_until(cache._pool._jobs.empty)
    later = Key.of(GAME, "later")
    assert cache.get_or_load(later, lambda: "loaded", deadline=timedelta(seconds=30)) == "loaded"


def test_a_load_past_its_limit_is_taken_over(
    watched: Cache, valkey_cache: ValkeyServer, threads: ThreadPoolExecutor
) -> None:
    """By who waits in the same process, and by another process."""
    limit = timedelta(seconds=1)
    watched.policies.replace({GAME: {"load_limit": limit}})
    hanging = Load()
    first = begin(watched, threads, hanging, 1)
    follower = threads.submit(watched.get_or_load, KEY, lambda: "taken over")
    with watching(valkey_cache) as other:
        other.policies.replace({GAME: {"load_limit": limit * 100}})
        assert other.get_or_load(KEY, lambda: "taken over") == "taken over"
    assert follower.result(30) == "taken over"
    hanging.result.set_result("too late")
    assert first[0].result(30) == "too late"
    assert watched.get(KEY) == "taken over"


def test_a_load_that_takes_longer_than_its_lease_keeps_it(
    watched: Cache, client: redis.Redis, threads: ThreadPoolExecutor
) -> None:
    load = Load()
    [caller] = begin(watched, threads, load, 1)
    lease = client.get(KEY.wire)
    ends_at = client.pexpiretime(KEY.wire)
    wait_until(lambda: client.time()[0] * 1000 > ends_at)
    assert client.get(KEY.wire) == lease
    load.result.set_result("stored")
    assert caller.result(30) == "stored"
    assert watched.get(KEY) == "stored"


def test_a_loader_of_the_callers_own_thread_has_no_deadline(cache: Cache) -> None:
    with pytest.raises(ValueError, match="background"):
        cache.get_or_load(KEY, lambda: 1, deadline=timedelta(1), background=False)
    assert cache.get(KEY) is MISS
