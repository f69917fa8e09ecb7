from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from typing import Any

import pytest

from dbsbm.monitor.counting.tally import LABEL_SETS_PER_NAME, NAMES, NOTES, Tally


def sums(tally: Tally) -> dict[str, float]:
    return {series: value for (series, _), value in tally.collect().sums.items()}


def test_an_observation_keeps_count_sum_and_peak() -> None:
    tally = Tally()
    for seconds in (0.5, 2.0, 0.25):
        tally.observe("db.query", seconds, table="bets")
    parcel = tally.collect()
    assert {series: value for (series, _), value in parcel.sums.items()} == {
        "db.query.count|table=bets": 3,
        "db.query.sum|table=bets": 2.75,
    }
    assert parcel.peaks == {("db.query.max|table=bets", "db.query.max|table=other"): 2.0}


def test_a_peak_below_zero_is_kept_as_it_is() -> None:
    tally = Tally()
    tally.observe("drift", -3.0)
    assert list(tally.collect().peaks.values()) == [-3.0]


def test_the_order_of_labels_makes_no_other_series() -> None:
    tally = Tally()
    tally.observe("x", 1, a="1", b="2")
    tally.observe("x", 5, b="2", a="1")
    tally.add("y", 1, a="1", b="2")
    tally.add("y", 1, b="2", a="1")
    parcel = tally.collect()
    assert parcel.sums["x.count|a=1,b=2", "x.count|a=other,b=other"] == 2
    assert parcel.sums["y|a=1,b=2", "y|a=other,b=other"] == 2
    assert list(parcel.peaks.values()) == [5]


def test_what_was_collected_is_not_collected_again() -> None:
    tally = Tally()
    tally.add("cache.hits")
    assert sums(tally) == {"cache.hits|": 1}
    assert not tally.collect()


def test_threads_lose_no_count() -> None:
    tally = Tally()

    def work(_: int) -> None:
        for _ in range(5000):
            tally.add("done")
            tally.observe("took", 1, thread="any")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    counted = sums(tally)
    assert counted["done|"] == 20_000
    assert counted["took.count|thread=any"] == counted["took.sum|thread=any"] == 20_000


def test_further_label_sets_share_one_series_and_no_count_is_lost() -> None:
    tally = Tally()
    for number in range(LABEL_SETS_PER_NAME * 3):
        tally.add("churn", 1, user=number, kind="x")
    tally.add("calm", 1, user="me")
    counted = sums(tally)
    churn = [series for series in counted if series.startswith("churn|")]
    assert len(churn) == LABEL_SETS_PER_NAME + 1
    assert counted["churn|kind=other,user=other"] == LABEL_SETS_PER_NAME * 2
    assert counted["calm|user=me"] == 1


def test_memory_of_label_sets_stays_bounded_over_many_parcels() -> None:
    tally = Tally()
    for number in range(LABEL_SETS_PER_NAME * 5):
        tally.add("churn", 1, user=number)
        tally.collect()
    assert len(tally._admitted["churn"]) == LABEL_SETS_PER_NAME


def test_names_without_end_are_dropped_and_counted() -> None:
    tally = Tally()
    for number in range(NAMES + 7):
        tally.add(f"name{number}")
    counted = sums(tally)
    assert counted["monitor.dropped|"] == 7
    assert len(counted) == NAMES + 1


@pytest.mark.parametrize(
    ("value", "labels"), [("fast", {}), (None, {}), (nan, {}), (inf, {}), (1, {"tags": ["a"]})]
)
def test_what_cannot_be_counted_raises_nothing_and_is_counted_as_dropped(
    value: Any, labels: dict[str, Any]
) -> None:
    tally = Tally()
    tally.observe("odd", value, **labels)
    tally.add("odder", value, **labels)
    assert sums(tally) == {"monitor.dropped|": 2}


def test_a_label_may_be_called_name_or_value() -> None:
    tally = Tally()
    tally.add("x", 1, name="n", value="v")
    assert sums(tally) == {"x|name=n,value=v": 1}


def test_notes_are_bounded() -> None:
    tally = Tally()
    for number in range(NOTES + 3):
        tally.note(str(number))
    parcel = tally.collect()
    assert parcel.notes == [str(number) for number in range(NOTES)]
    assert list(parcel.sums.values()) == [3]


def test_a_tally_that_is_not_enabled_counts_nothing() -> None:
    tally = Tally(enabled=False)
    tally.add("x")
    tally.observe("y", 1)
    tally.note("z")
    assert not tally.collect()
