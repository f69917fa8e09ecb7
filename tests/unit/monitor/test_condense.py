from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.catalogue import METRICS
from dbsbm.monitor.counting.series import Kind, spell
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.condense import condense
from dbsbm.monitor.store.splits import is_split

amounts = st.integers(0, 1000).map(float)


def minute(name: str, kind: Kind, found: dict[str, float]) -> dict[str, Stats]:
    counted: dict[str, Stats] = {}
    for task, value in found.items():
        stats = Sketch() if kind is Kind.DISTRIBUTION else Stats()
        stats.add(value)
        counted[spell(kind, name, [("task", task)])[0]] = stats
    return counted


def test_the_largest_series_stay_the_others_are_added_up_and_there_is_a_total() -> None:
    found = condense(
        minute("took", Kind.DISTRIBUTION, {f"t{n}": float(n) for n in range(10)}), limit=2
    )
    assert {key.labels: (stats.count, stats.total) for key, stats in found.items()} == {
        "task=t9": (1, 9),
        "task=t8": (1, 8),
        "task=other": (8, sum(range(8))),
        "": (10, 45),
    }


def test_a_metric_without_labels_is_its_own_total() -> None:
    text, _ = spell(Kind.COUNTER, "done", ())
    assert [key.labels for key in condense({text: Stats(1, 5, 5, 5, 5)})] == [""]


def test_a_series_that_cannot_be_read_is_dropped_and_the_others_stay() -> None:
    good = minute("done", Kind.COUNTER, {"a": 1})
    assert condense({"nonsense": Stats(1, 1), "x|y|": Stats(1, 1), **good}) == condense(good)


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), amounts),
    st.dictionaries(st.sampled_from("abcdefgh"), amounts),
    st.integers(0, 9),
)
def test_totals_are_kept_whatever_is_condensed(
    took: dict[str, float], done: dict[str, float], limit: int
) -> None:
    counted = minute("took", Kind.DISTRIBUTION, took) | minute("done", Kind.COUNTER, done)
    sums: dict[tuple[str, bool], float] = {}
    for key, stats in condense(counted, limit=limit).items():
        place = (key.name, bool(key.labels))
        sums[place] = sums.get(place, 0) + stats.total
    for name, values in (("took", took), ("done", done)):
        assert sums.get((name, False), 0) == sums.get((name, True), 0) == sum(values.values())


runs = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz"), st.sampled_from(["ok", "failed"])),
    st.lists(amounts, min_size=1, max_size=5),
)


@given(runs, st.integers(1, 9))
def test_totals_by_a_label_hold_all_that_the_total_holds(
    counted: dict[tuple[str, str, str], list[float]], limit: int
) -> None:
    minute: dict[str, Stats] = {}
    for labels, values in counted.items():
        sketch = Sketch()
        sketch.add_all(values)
        pairs = zip(("task", "queue", "outcome"), labels, strict=True)
        minute[spell(Kind.DISTRIBUTION, "task.run", pairs)[0]] = sketch
    found = condense(minute, limit)
    whole = [stats for key, stats in found.items() if (key.name, key.labels) == ("task.run", "")]
    for place, label in ((0, "task"), (2, "outcome")):
        split = {
            key.labels: each for key, each in found.items() if key.name.endswith(f"by {label}")
        }
        assert sum(each.count for each in split.values()) == sum(each.count for each in whole)
        assert sum(each.total for each in split.values()) == sum(each.total for each in whole)
        for labels, stats in split.items():
            value = labels.removeprefix(f"{label}=")
            if value != "other":
                own = [v for key, values in counted.items() if key[place] == value for v in values]
                assert (stats.count, stats.high) == (len(own), max(own))


def test_totals_are_kept_by_labels_that_are_measured_and_have_names_of_their_own() -> None:
    assert [name for name in METRICS if is_split(name)] == []
    for metric in METRICS.values():
        assert set(metric.splits) <= set(metric.labels), metric.name
        assert not metric.splits or len(metric.labels) > 1, metric.name
