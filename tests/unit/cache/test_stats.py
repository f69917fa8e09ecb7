from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.categories import Category
from dbsbm.cache.stats import Counters, Stats

GAME, TEAM = Category.GAME_DATA, Category.TEAM_DATA


def test_counts_are_kept_by_category() -> None:
    stats = Stats()
    stats.hit(GAME, 100)
    stats.hit(GAME, 50)
    stats.missed(GAME)
    stats.stored(TEAM, 7)
    stats.dropped(TEAM)
    stats.failed(TEAM)
    stats.invalidated(TEAM)
    stats.loaded(TEAM, 1_500_000_000)
    counted = stats.snapshot()
    assert counted[GAME] == Counters(hits=2, misses=1, bytes_read=150)
    assert counted[TEAM] == Counters(
        sets=1, drops=1, errors=1, invalidations=1, loads=1, load_ns=1_500_000_000, bytes_written=7
    )
    assert counted[GAME].hit_ratio == pytest.approx(2 / 3)
    assert counted[TEAM].hit_ratio is None
    assert counted[Category.SESSION] == Counters()


def test_a_snapshot_does_not_change_later() -> None:
    stats = Stats()
    before = stats.snapshot()
    stats.missed(GAME)
    assert before[GAME] == Counters()


@given(st.lists(st.integers(0, 5), max_size=6))
def test_drains_add_up_to_the_snapshot(rounds: list[int]) -> None:
    stats, total = Stats(), Counters()
    for misses in rounds:
        for _ in range(misses):
            stats.missed(GAME)
        drained = stats.drain()
        assert set(drained) == ({GAME} if misses else set())
        total += drained.get(GAME, Counters())
    assert total == stats.snapshot()[GAME]
    assert stats.drain() == {}


def test_threads_lose_no_count() -> None:
    stats = Stats()

    def work(_: int) -> Counters:
        drained = Counters()
        for turn in range(500):
            stats.hit(GAME, 3)
            if turn % 50 == 0:
                drained += stats.drain().get(GAME, Counters())
        return drained

    with ThreadPoolExecutor(8) as pool:
        drained = sum(pool.map(work, range(8)), Counters())
    rest = stats.drain().get(GAME, Counters())
    assert drained + rest == stats.snapshot()[GAME] == Counters(hits=4000, bytes_read=12_000)


FORK = """
import os
from dbsbm.cache.categories import Category
from dbsbm.cache.stats import Stats
stats = Stats()
stats.missed(Category.SESSION)
stats._lock.acquire()  # as if another thread were counting at this moment
if os.fork() == 0:
    stats.missed(Category.SESSION)
    print("child", stats.snapshot()[Category.SESSION].misses, flush=True)
    os._exit(0)
os.wait()
stats._lock.release()
print("parent", stats.snapshot()[Category.SESSION].misses)
"""


def test_a_forked_child_counts_from_zero_and_inherits_no_lock() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK], check=True, capture_output=True, text=True, timeout=30
    )
    assert done.stdout.split() == ["child", "1", "parent", "1"]


def test_counts_tell_the_levels_and_the_kinds_of_hits_apart() -> None:
    stats = Stats()
    stats.hit(GAME, 10)
    stats.hit(GAME, 20, local=True)
    stats.hit(GAME, 30, stale=True)
    stats.hit(GAME, 1, negative=True)
    stats.local_hits(GAME, 4, 400)
    stats.loaded(GAME, 5)
    stats.loaded(GAME, 6, failed=True)
    stats.waited(GAME)
    stats.refreshed(GAME)
    stats.evicted(GAME, 3)
    stats.missed(GAME)
    stats.rejected(GAME)
    assert stats.snapshot()[GAME] == Counters(
        hits=8,
        local_hits=5,
        stale=1,
        negative=1,
        misses=1,
        bytes_read=461,
        local_bytes=420,
        loads=2,
        load_ns=11,
        load_errors=1,
        waits=1,
        refreshes=1,
        evictions=3,
        rejected=1,
    )


def test_what_others_counted_is_collected_before_the_counts_are_read() -> None:
    stats, waiting = Stats(), [3, 4]
    stats.collect_with(lambda: stats.local_hits(GAME, waiting.pop(), 0) if waiting else None)
    assert stats.snapshot()[GAME].local_hits == 4
    assert stats.drain()[GAME].local_hits == 7
    assert stats.drain() == {}
