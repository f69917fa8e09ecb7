from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.counting.condense import condense
from dbsbm.monitor.counting.handover import Batch

amounts = st.integers(0, 1000).map(float)


def batch(sums: dict[str, float], peaks: dict[str, float] | None = None) -> Batch:
    return Batch("b", datetime(2026, 1, 1, tzinfo=UTC), sums, peaks or {}, [])


def test_the_largest_series_stay_and_the_others_are_added_up() -> None:
    sums = {f"took.sum|task=t{n}": float(n) for n in range(10)}
    counts = {f"took.count|task=t{n}": 1.0 for n in range(10)}
    peaks = {f"took.max|task=t{n}": float(n) for n in range(10)}
    readings = condense(batch({**sums, **counts}, peaks), limit=2)
    assert {(name, labels): value for name, value, labels in readings} == {
        ("took.sum", "task=t9"): 9,
        ("took.sum", "task=t8"): 8,
        ("took.sum", "task=other"): sum(range(8)),
        ("took.count", "task=t9"): 1,
        ("took.count", "task=t8"): 1,
        ("took.count", "task=other"): 8,
        ("took.max", "task=t9"): 9,
        ("took.max", "task=t8"): 8,
        ("took.max", "task=other"): 7,
    }


def test_one_metric_never_crowds_out_another() -> None:
    churn = {f"churn|user={n}": 100.0 for n in range(50)}
    readings = condense(batch({**churn, "calm|user=me": 1.0}), limit=3)
    assert ("calm", 1.0, "user=me") in readings
    assert len(readings) == 5


@given(st.dictionaries(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), amounts))
def test_totals_are_those_of_the_batch(sums: dict[tuple[str, int], float]) -> None:
    series = {f"{name}|k={label}": value for (name, label), value in sums.items()}
    expected: dict[str, float] = defaultdict(float)
    for (name, _), value in sums.items():
        expected[name] += value
    found: dict[str, float] = defaultdict(float)
    for name, value, _ in condense(batch(series), limit=4):
        found[name] += value
    assert found == expected
