from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.counting import sketch as module
from dbsbm.monitor.counting.sketch import ALPHA, SMALLEST, Sketch
from dbsbm.monitor.counting.stats import Stats

# Whole numbers of small size: their sums are exact in any order.
numbers = st.integers(-(10**6), 10**6).map(lambda number: number / 64)
values = st.lists(numbers, min_size=1, max_size=200)
quantiles = st.floats(0, 1)


def sketch_of(found: list[float]) -> Sketch:
    sketch = Sketch()
    assert sketch.add_all(found) == 0
    return sketch


@given(values, quantiles)
def test_a_quantile_is_within_the_stated_error_of_the_value_that_has_its_rank(
    found: list[float], q: float
) -> None:
    true = sorted(found)[int(q * (len(found) - 1))]
    assert abs(sketch_of(found).quantile(q) - true) <= abs(true) * ALPHA * 1.000001


@given(st.lists(values, min_size=1, max_size=6))
def test_what_is_merged_is_what_would_have_been_counted_at_once(parts: list[list[float]]) -> None:
    merged = Sketch()
    for part in parts:
        merged.merge(sketch_of(part))
    assert merged == sketch_of([value for part in parts for value in part])


@given(values)
def test_a_sketch_is_read_back_as_it_was_written(found: list[float]) -> None:
    sketch = sketch_of(found)
    exact = {"total": sketch.total, "low": sketch.low, "high": sketch.high, "last": sketch.last}
    assert Sketch.from_bytes(sketch.to_bytes(), **exact) == sketch


@given(values)
def test_count_sum_extremes_and_last_are_exact(found: list[float]) -> None:
    sketch = sketch_of(found)
    exact = (len(found), sum(found), min(found), max(found), found[-1])
    assert (sketch.count, sketch.total, sketch.low, sketch.high, sketch.last) == exact
    assert (sketch.quantile(0), sketch.quantile(1)) == (min(found), max(found))


@pytest.mark.parametrize("value", [nan, inf, -inf, 1e101, 10**400, "fast", None, [1]])
def test_what_is_no_finite_number_is_refused_and_the_others_are_counted(value: Any) -> None:
    for stats in (Sketch(), Stats()):
        assert stats.add_all([1, value, 3]) == 1
        assert (stats.count, stats.total) == (2, 4)


def test_two_huge_values_that_cancel_out_are_refused() -> None:
    assert Sketch().add_all([1e308, -1e308, 1]) == 2


def test_nearly_zero_counts_as_zero() -> None:
    sketch = sketch_of([-1.0, SMALLEST / 2, 0, -SMALLEST / 2, 1.0])
    assert sketch.zeros == 3
    assert sketch.quantile(0.5) == 0


def test_one_value_may_be_added_many_times_at_once() -> None:
    sketch = Sketch()
    sketch.add(2.0, 5)
    assert (sketch.count, sketch.total) == (5, 10)


def test_a_sketch_of_nothing_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="without values"):
        Sketch().quantile(0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        sketch_of([1]).quantile(1.5)


@pytest.mark.parametrize("data", [b"", b"\x00", b"nonsense", b"\x95\x00\x90\x90\x91\x01\x90"])
def test_bytes_that_are_no_sketch_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no sketch|zip"):
        Sketch.from_bytes(data, total=0, low=0, high=0)


def test_buckets_are_bounded_and_the_high_quantiles_stay_exact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_BUCKETS", 100)
    found = [1.05**n for n in range(400)]
    sketch = sketch_of(found)
    assert (len(sketch.positive), sketch.count) == (100, 400)
    for q in (0.8, 0.95, 0.99):
        assert sketch.quantile(q) == pytest.approx(found[int(q * 399)], rel=ALPHA)
