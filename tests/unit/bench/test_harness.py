"""The arithmetic behind published numbers."""

from __future__ import annotations

import math
import statistics
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.harness import Measurement, Row, alternate, compare, latencies, machine, percentile

numbers = st.lists(st.floats(0, 1e9), min_size=1)


def test_a_percentile_lies_between_the_nearest_two_values() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([10.0, 20.0], 90) == 19.0
    assert percentile([7.0], 99) == 7.0


@given(numbers, st.floats(0, 100))
def test_a_percentile_is_within_the_values_and_the_ends_are_its_ends(
    values: list[float], percent: float
) -> None:
    assert percentile(values, 0) == min(values)
    assert percentile(values, 100) == max(values)
    assert min(values) <= percentile(values, percent) <= max(values)


@given(st.lists(st.integers(0, 10**6), min_size=2))
def test_quartiles_agree_with_the_standard_library(values: list[float]) -> None:
    expected = statistics.quantiles(values, n=4, method="inclusive")
    ours = [percentile(values, percent) for percent in (25, 50, 75)]
    assert all(math.isclose(a, b) for a, b in zip(ours, expected, strict=True))


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], -1), ([1.0], 100.5)])
def test_a_percentile_of_nothing_or_out_of_range_is_refused(
    values: list[float], percent: float
) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


def test_the_spread_is_the_range_as_a_fraction_of_the_median() -> None:
    measured = Measurement([9.0, 10.0, 12.0])
    assert (measured.median, measured.spread, measured.runs) == (10.0, 0.3, 3)
    assert Measurement([0.0, 0.0]).spread == 0.0


def test_contenders_alternate_so_that_drift_treats_them_alike() -> None:
    order: list[str] = []
    clock = count()

    def contender(name: str) -> float:
        order.append(name)
        return float(next(clock))

    measured = alternate({name: lambda name=name: contender(name) for name in "ab"}, rounds=4)

    assert "".join(order) == "abbaabba"
    assert measured["a"].median == measured["b"].median == 3.5


def test_a_comparison_publishes_medians_of_the_same_rounds() -> None:
    ours, theirs = iter([1.0, 2.0, 3.0]), iter([30.0, 10.0, 20.0])
    row = compare(
        "hit",
        lambda: next(ours),
        {"peer": lambda: next(theirs)},
        unit="ms",
        rounds=3,
        floor=2.5,
        aim=1.0,
    )
    assert row.as_json() == {
        "row": "hit",
        "value": 2.0,
        "unit": "ms",
        "floor": 2.5,
        "aim": 1.0,
        "ok": True,
        "peers": {"peer": 20.0},
        "runs": 3,
        "spread": 1.0,
    }


@pytest.mark.parametrize(
    ("better", "value", "floor", "ok"),
    [
        ("lower", 5.0, 5.0, True),
        ("lower", 5.1, 5.0, False),
        ("higher", 5.0, 5.0, True),
        ("higher", 4.9, 5.0, False),
        ("lower", 1e9, None, True),
    ],
)
def test_a_floor_is_the_worst_value_that_still_holds(
    better: str, value: float, floor: float | None, ok: bool
) -> None:
    assert Row("row", value, "ms", better=better, floor=floor).ok is ok  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_row_without_a_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="measured no number"):
        Row("row", value, "ms")


def test_every_call_has_a_latency() -> None:
    calls: list[int] = []
    taken = latencies(lambda: calls.append(1), 5)
    assert len(taken) == len(calls) == 5
    assert min(taken) >= 0


def test_the_machine_is_described_for_comparison() -> None:
    about = machine()
    assert list(about) == ["cores", "memory_gib", "python", "kernel", "cpu_model"]
    assert about["cores"] >= 1
    assert about["memory_gib"] > 0
    assert all(about.values())
