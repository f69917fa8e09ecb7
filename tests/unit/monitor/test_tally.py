from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from typing import Any

import pytest

from dbsbm.monitor.counting.clock import Clock
from dbsbm.monitor.counting.minute import LABEL_SETS_PER_NAME, NAMES
from dbsbm.monitor.counting.series import read_series
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.counting.tally import KEPT_MINUTES, NOTES, Tally


class Hands:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def tally(hands: Hands) -> Tally:
    clock = Clock(hands)
    clock.offset = 0
    return Tally(clock=clock)


def taken(tally: Tally) -> dict[str, Stats]:
    """What was counted, of all minutes, by `name|labels`."""
    found: dict[str, Stats] = {}
    for by_series in tally.collect().minutes.values():
        for (text, _), stats in by_series.items():
            _, name, labels = read_series(text)
            found.setdefault(f"{name}|{labels}", type(stats)()).merge(stats)
    return found


def totals(tally: Tally) -> dict[str, float]:
    return {series: stats.total for series, stats in taken(tally).items()}


def test_an_observation_keeps_count_sum_extremes_and_quantiles(tally: Tally) -> None:
    for seconds in (0.5, 2.0, 0.25):
        tally.observe("db.query", seconds, table="bets")
    (parcel,) = tally.collect().minutes.values()
    ((series, others), stats) = next(iter(parcel.items()))
    assert series == "distribution|db.query|table=bets"
    assert others == "distribution|db.query|table=other"
    assert (stats.count, stats.total, stats.low, stats.high) == (3, 2.75, 0.25, 2.0)


def test_a_gauge_keeps_its_last_lowest_and_highest(tally: Tally) -> None:
    for length in (3, 9, 4):
        tally.gauge("queue.length", length, queue="images")
    stats = taken(tally)["queue.length|queue=images"]
    assert (stats.last, stats.low, stats.high, stats.mean) == (4, 3, 9, 16 / 3)


def test_a_bound_series_is_the_one_with_these_labels(tally: Tally) -> None:
    took = tally.bind(("took", {"task": "t"}))
    for _ in range(3000):
        took.observe(1000.0, 1.0)
    tally.observe("took", 1.0, task="t")
    assert totals(tally) == {"took|task=t": 3001}


def test_two_series_are_observed_together_and_the_second_may_have_no_value(tally: Tally) -> None:
    both = tally.bind(("took", {"task": "t"}), ("rows", {}))
    both.observe(1000.0, 1.0, 5)
    both.observe(1000.0, 2.0)
    found = taken(tally)
    assert (found["took|task=t"].count, found["took|task=t"].total) == (2, 3)
    assert (found["rows|"].count, found["rows|"].total) == (1, 5)
    assert not tally.collect()


def test_a_value_of_a_bound_series_belongs_to_its_minute(tally: Tally, hands: Hands) -> None:
    took = tally.bind(("took", {}))
    for minute in (16, 17, 19):
        hands.at = minute * 60 + 59.9
        took.observe(hands.at, minute)
    totals = {
        minute: stats.total
        for minute, found in tally.collect().minutes.items()
        for stats in found.values()
    }
    assert totals == {16: 16, 17: 17, 19: 19}


def test_bound_series_without_end_take_bounded_memory(tally: Tally) -> None:
    for number in range(10_000):
        tally.bind(("took", {"user": number})).observe(1000.0, 1.0)
    assert len(tally._waiting) < 3000
    assert sum(totals(tally).values()) == 10_000


def test_the_order_of_labels_makes_no_other_series(tally: Tally) -> None:
    tally.observe("x", 1, a="1", b="2")
    tally.observe("x", 5, b="2", a="1")
    tally.add("y", 1, a="1", b="2")
    tally.add("y", 1, b="2", a="1")
    assert totals(tally) == {"x|a=1,b=2": 6, "y|a=1,b=2": 2}


def test_what_was_collected_is_not_collected_again(tally: Tally) -> None:
    tally.add("cache.hits")
    assert totals(tally) == {"cache.hits|": 1}
    assert not tally.collect()


def test_each_value_belongs_to_the_minute_in_which_it_was_counted(
    tally: Tally, hands: Hands
) -> None:
    for minute in (16, 17, 19):
        hands.at = minute * 60 + 59.9
        tally.add("x", minute)
    minutes = tally.collect().minutes
    assert {
        minute: stats.total for minute, found in minutes.items() for stats in found.values()
    } == {
        16: 16,
        17: 17,
        19: 19,
    }


def test_a_clock_that_is_set_moves_no_value(
    monkeypatch: pytest.MonkeyPatch, tally: Tally, hands: Hands
) -> None:
    tally.add("x")
    monkeypatch.setattr("time.time", lambda: 4e9)
    hands.at += 1
    tally.add("x")
    assert [*tally.collect().minutes] == [16]


def test_a_clock_that_learned_the_time_counts_on_in_the_right_minute(
    tally: Tally, hands: Hands
) -> None:
    tally.add("x")
    hands.at += 0.02
    tally.clock.learn(told=7200.0, asked=hands.at - 0.02)
    assert tally.clock.now() == pytest.approx(7200.01)
    tally.collect()
    tally.add("x")
    assert [*tally.collect().minutes] == [120]


def test_an_answer_that_took_long_teaches_no_time(tally: Tally, hands: Hands) -> None:
    tally.clock.learn(told=7200.0, asked=hands.at - 3)
    assert tally.clock.offset == 0


def test_minutes_that_wait_are_bounded_and_lose_no_value(tally: Tally, hands: Hands) -> None:
    for minute in range(100):
        hands.at = 1000 + minute * 60
        tally.add("x", minute)
        tally.observe("took", 1, task="t")
    parcel = tally.collect()
    assert len(parcel.minutes) == KEPT_MINUTES + 1
    found: dict[str, float] = {}
    for by_series in parcel.minutes.values():
        for (series, _), stats in by_series.items():
            found[series] = found.get(series, 0) + stats.total
    assert found["counter|x|"] == sum(range(100))
    assert found["distribution|took|task=t"] == 100
    assert found["counter|monitor.shifted|"] > 0


def test_a_value_that_is_appended_after_its_minute_was_collected_is_not_lost(
    tally: Tally, hands: Hands
) -> None:
    tally.add("x", 1)
    late = tally._added["x",]  # as a thread that is held up between two instructions
    hands.at += 60
    assert totals(tally) == {"x|": 1}
    late.append(5)
    assert totals(tally) == {"x|": 5}
    late.append(6)
    assert totals(tally) == {"x|": 6}
    del late
    tally.collect()
    assert not tally._ended


def test_threads_lose_no_count(hands: Hands, tally: Tally) -> None:
    def work(_: int) -> None:
        for _ in range(5000):
            tally.add("done")
            tally.observe("took", 1, thread="any")
            waited.observe(hands.at, 1)

    waited = tally.bind(("waited", {}))
    found: dict[str, float] = {}
    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(work, n) for n in range(4)]
        while not all(job.done() for job in jobs):
            hands.at += 30
            for series, total in totals(tally).items():
                found[series] = found.get(series, 0) + total
    for _ in range(2):
        for series, total in totals(tally).items():
            found[series] = found.get(series, 0) + total
    assert found["done|"] == found["took|thread=any"] == found["waited|"] == 20_000


def test_further_label_sets_share_one_series_and_no_count_is_lost(tally: Tally) -> None:
    for number in range(LABEL_SETS_PER_NAME * 3):
        tally.add("churn", 1, user=number, kind="x")
    tally.add("calm", 1, user="me")
    counted = totals(tally)
    churn = [series for series in counted if series.startswith("churn|")]
    assert len(churn) == LABEL_SETS_PER_NAME + 1
    assert counted["churn|kind=other,user=other"] == LABEL_SETS_PER_NAME * 2
    assert counted["calm|user=me"] == 1


def test_label_sets_of_the_past_leave_room_for_those_of_today(tally: Tally, hands: Hands) -> None:
    for number in range(LABEL_SETS_PER_NAME):
        tally.add("churn", 1, user=number)
    hands.at += 60
    tally.add("churn", 1, user="today")
    assert totals(tally)["churn|user=today"] == 1


def test_memory_stays_flat_under_labels_without_end(tally: Tally, hands: Hands) -> None:
    def churn(values: range) -> int:
        for number in values:
            tally.observe("churn", 1.0, user=number)
            tally.add("more", 1, user=f"user {number}")
            if not number % 500:
                hands.at += 10
                tally.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = churn(range(3000))
        assert churn(range(3000, 12_000)) < before * 1.5 + 200_000
    finally:
        tracemalloc.stop()


def test_a_label_of_a_megabyte_costs_no_more_than_a_short_one(tally: Tally) -> None:
    tally.add("x", 1, text="a" * 1_000_000)
    ((series, _), _) = next(iter(next(iter(tally.collect().minutes.values())).items()))
    assert len(series) < 300


def test_names_without_end_are_dropped_and_counted(tally: Tally) -> None:
    for number in range(NAMES + 7):
        tally.add(f"name{number}")
    counted = totals(tally)
    assert counted["monitor.dropped|"] == 7
    assert len(counted) == NAMES + 1


@pytest.mark.parametrize(
    ("value", "labels"), [("fast", {}), (None, {}), (nan, {}), (inf, {}), (1, {"tags": ["a"]})]
)
def test_what_cannot_be_counted_raises_nothing_and_is_counted_as_dropped(
    tally: Tally, value: Any, labels: dict[str, Any]
) -> None:
    tally.observe("odd", value, **labels)
    tally.add("odder", value, **labels)
    tally.gauge("oddest", value, **labels)
    for each in (nan, "fast", 10**400):
        tally.bind(("bound", {"tags": ["a"]})).observe(1000.0, each)  # type: ignore[arg-type]
    assert totals(tally) == {"monitor.dropped|": 6}


def test_a_label_may_be_called_name_or_value(tally: Tally) -> None:
    tally.add("x", 1, name="n", value="v")
    assert totals(tally) == {"x|name=n,value=v": 1}


def test_notes_are_bounded(tally: Tally) -> None:
    for number in range(NOTES + 3):
        tally.note(str(number))
    parcel = tally.collect()
    assert parcel.notes == [str(number) for number in range(NOTES)]
    assert [stats.total for stats in parcel.all_stats()] == [3]


def test_a_tally_that_is_not_enabled_counts_nothing() -> None:
    tally = Tally(enabled=False)
    tally.add("x")
    tally.observe("y", 1)
    tally.gauge("g", 1)
    tally.bind(("b", {})).observe(1000.0, 1)
    tally.note("z")
    assert not tally.collect()
