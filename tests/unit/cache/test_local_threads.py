from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from threading import Barrier, Lock, Thread

import pytest

from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.local.store import BUFFER, LocalStore
from tests.unit.cache.local_store import Watched, entry


@pytest.fixture(autouse=True)
def _frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def run_together(*jobs: Callable[[], None]) -> None:
    """Run jobs in threads of their own; an error in one of them is raised here."""
    errors: list[BaseException] = []
    gate = Barrier(len(jobs))

    def run(job: Callable[[], None]) -> None:
        try:
            gate.wait()
            job()
        except BaseException as error:  # noqa: BLE001 - it is raised in the test's own thread
            errors.append(error)

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_threads_lose_no_hit_and_count_none_twice() -> None:
    lock, told = Lock(), Counter[str]()

    def count(hits: Mapping[LocalEntry, int]) -> None:
        with lock:
            for each, times in hits.items():
                told[each.wire] += times

    store = LocalStore(1 << 20, on_hits=count, on_evict=lambda _: None, clock=lambda: 0.0)
    reads = [Counter[str]() for _ in range(4)]
    for n in range(20):
        store.put(entry(f"{n}"), 0)

    def read(seed: int) -> None:
        draw = random.Random(seed)
        for turn in range(20 * BUFFER):
            found = store.get(f"{draw.randrange(30)}")
            if found is not None:
                reads[seed][found.wire] += 1
            if turn % 97 == 0:
                store.put(entry(f"{draw.randrange(30)}"), store.sequence)
            if turn % 89 == 0:
                store.invalidate([f"{draw.randrange(30)}"])

    run_together(*(lambda seed=seed: read(seed) for seed in range(4)))
    store.drain()
    assert told == sum(reads, Counter())


def test_whoever_is_told_may_hold_a_lock_of_its_own_that_others_hold_while_they_read() -> None:
    lock = Lock()

    def told(_: object) -> None:
        with lock:
            pass

    store = LocalStore(20_000, on_hits=told, on_evict=told, clock=lambda: 0.0)

    def read_with_lock() -> None:
        for turn in range(4 * BUFFER):
            with lock:
                store._entries.get(f"{turn % 40}")
                store.invalidate([f"{turn % 7}"])

    def read() -> None:
        for turn in range(20 * BUFFER):
            store.get(f"{turn % 40}") or store.put(entry(f"{turn % 40}"), store.sequence)

    run_together(read_with_lock, read, read)


def test_reading_does_not_wait_for_a_thread_that_changes_something() -> None:
    watched = Watched()
    watched.put(entry("guild"))
    with watched.store._lock:
        for _ in range(3 * BUFFER):
            watched.store.get("guild")
        assert not watched.hits
    watched.store.get("guild")
    assert watched.hits == {"guild": 3 * BUFFER + 1}


def test_once_an_invalidation_returns_nobody_finds_what_was_asked_for_before_it() -> None:
    """A server that changes, readers who fill from it, and the pushes that follow."""
    watched = Watched()
    store = watched.store
    server = 0

    def fill() -> None:
        for _ in range(3000):
            since = store.sequence
            store.put(entry("guild", server, tags=("t:guilds",)), since)

    def change() -> None:
        nonlocal server
        for turn in range(3000):
            server += 1
            store.invalidate(["t:guilds" if turn % 2 else "guild"])
            found = store.get("guild")
            assert found is None or found.value == server

    run_together(fill, fill, change)
