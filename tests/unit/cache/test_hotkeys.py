from __future__ import annotations

import random
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.keys import LONGEST_NAME
from dbsbm.cache.local.hotkeys import COUNTERS, HotKeys
from tests.unit.cache.test_local_policy import zipf

READS_A_SECOND = 500
TICKS = 10


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def wires(keys: HotKeys) -> list[str]:
    return [key.wire for key in keys.hot()]


def test_the_hottest_keys_come_first_with_their_counts_and_shares(clock: Clock) -> None:
    keys = HotKeys(clock)
    keys.add("a", 3)
    keys.add("b")
    keys.add_many({"a": 2, "c": 4})
    assert [(key.wire, key.count, key.share) for key in keys.top(2)] == [
        ("a", 5.0, 0.5),
        ("c", 4.0, 0.4),
    ]


def test_without_reads_nothing_is_hot(clock: Clock) -> None:
    keys = HotKeys(clock)
    assert keys.top(5) == keys.hot() == []


@pytest.mark.parametrize("half_lives", [1.0, 30.0, 45.0])
def test_reads_fade_by_half_in_a_half_life(clock: Clock, half_lives: float) -> None:
    keys = HotKeys(clock, half_life=2.0)
    keys.add("old", 1 << 50)
    clock.now += 2.0 * half_lives
    keys.add("new", 1 << 50)
    new, old = keys.top(2)
    assert (new.wire, old.wire) == ("new", "old")
    assert new.count == pytest.approx(1 << 50)
    assert old.count == pytest.approx((1 << 50) / 2**half_lives)


def test_after_years_of_silence_it_begins_anew(clock: Clock) -> None:
    keys = HotKeys(clock)
    keys.add("old", 1000)
    clock.now += 1e8
    assert keys.top(1) == []
    keys.add("new")
    assert [key.wire for key in keys.top(2)] == ["new"]


def test_a_few_reads_prove_nothing(clock: Clock) -> None:
    keys = HotKeys(clock)
    keys.add_many({"a": 1, "b": 2, "c": 3})
    assert keys.hot(share=0.3) == []
    keys.add_many({"a": 100, "b": 200, "c": 300})
    assert [key.wire for key in keys.hot(share=0.3)] == ["c"]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=400))
def test_a_count_is_never_too_high_and_too_low_by_a_bounded_part(
    reads: list[tuple[int, int]],
) -> None:
    keys, truth = HotKeys(lambda: 0.0, counters=20), dict[str, int]()
    for number, count in reads:
        keys.add(f"{number}", count)
        truth[f"{number}"] = truth.get(f"{number}", 0) + count
    told = {key.wire: key.count for key in keys.top(100)}
    slack = 2 / 20 * sum(truth.values())
    assert len(told) <= 20
    for wire, count in truth.items():
        assert count - slack <= told.get(wire, 0) <= count


def test_it_takes_64_kb_at_most_whatever_the_keys(clock: Clock) -> None:
    longest = LONGEST_NAME + len("dbsbm:v2:image_cache:")
    tracemalloc.start()
    try:
        keys = HotKeys(clock)
        for number in range(50 * COUNTERS):
            keys.add(f"{number:0{longest}}", number % 5 + 1)
        taken, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < peak < 64 * 1024
    assert sys.getsizeof(keys._weights) < taken


@pytest.mark.parametrize("seed", range(20))
def test_a_key_that_takes_a_fifth_of_the_reads_is_found_in_two_seconds_and_no_other(
    clock: Clock, seed: int
) -> None:
    draw = random.Random(seed)
    usual = iter(zipf(draw, 30 * READS_A_SECOND))
    keys = HotKeys(clock)
    planted = f"key{draw.randrange(5000, 10_000)}"
    shift = draw.uniform(5, 20)
    found = None
    for tick in range(25 * TICKS):
        clock.now += 1 / TICKS
        is_hot = shift <= tick / TICKS < shift + 3
        for _ in range(READS_A_SECOND // TICKS):
            keys.add(planted if is_hot and draw.random() < 0.2 else next(usual))
        hot = wires(keys)
        assert set(hot) <= {planted}
        if hot and found is None:
            found = tick / TICKS - shift
    assert found is not None
    assert 0 <= found <= 2
    assert wires(keys) == []
