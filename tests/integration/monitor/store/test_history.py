from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dbsbm.db.engine import Database
from dbsbm.monitor.counting.series import Kind
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.rollup import roll_up
from tests.integration.monitor.store.filling import Filler

NOW = datetime(2026, 11, 20, 18, 3, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def history(database: Database) -> History:
    return History(database, now=lambda: NOW)


def test_a_short_span_is_read_by_the_minute(history: History, filler: Filler) -> None:
    for minute in (3, 2, 1):
        filler.minute(NOW.replace(second=0) - minute * MINUTE, "took", [minute, 9])
    (series,) = history.series("took", NOW - HOUR, NOW)
    assert (series.kind, series.step) == ("distribution", MINUTE)
    assert [(point.count, point.low, point.high) for point in series.points] == [
        (2, 3, 9),
        (2, 2, 9),
        (2, 1, 9),
    ]
    assert series.points[0].start == NOW.replace(second=0) - 3 * MINUTE


def test_a_span_has_a_bounded_number_of_points_and_all_that_was_measured(
    database: Database, history: History, filler: Filler
) -> None:
    times = [NOW.replace(minute=1, second=0) - hour * HOUR for hour in (0, 5, 23, 100, 200)]
    for at in times:
        filler.minute(at, "took", range(1, 101), task="t")
    roll_up(database, now=NOW)
    for hours, step, count in (
        (6, 60, 2),
        (24, 600, 3),
        (6 * 24, 3600, 4),
        (10 * 24, 3600, 5),
        (30 * 24, 3600, 5),
        (365 * 24, 86_400, 5),
    ):
        (series,) = history.series("took", NOW - hours * HOUR, NOW)
        assert series.step == timedelta(seconds=step)
        assert sum(point.count for point in series.points) == count * 100
        assert series.points[-1].quantile(0.5) == pytest.approx(50, rel=0.01)
        assert hours * 3600 / step <= 720


def test_points_that_are_not_rolled_up_yet_stand_in_for_coarser_ones(
    database: Database, history: History, filler: Filler
) -> None:
    times = [NOW.replace(second=0) - number * timedelta(minutes=53) for number in range(50)]
    for at in times:
        filler.plain(at, "done", Kind.COUNTER, [1])
    for now in (NOW - timedelta(hours=30), NOW - timedelta(hours=2), NOW):
        roll_up(database, now=now)
        for days in (7, 50, 300):
            (series,) = history.series("done", NOW - timedelta(days=days), NOW)
            assert sum(point.total for point in series.points) == len(times)


def test_labels_choose_series_and_keep_them_apart(history: History, filler: Filler) -> None:
    at = NOW.replace(second=0) - MINUTE
    for task, queue, seconds in (("a", "x", 1), ("b", "x", 2), ("b", "y", 4)):
        filler.minute(at, "took", [seconds], task=task, queue=queue)
    by_queue = history.summary("took", NOW - HOUR, NOW, by=["queue"])
    assert [(each.labels, each.total) for each in by_queue] == [
        ({"queue": "x"}, 3),
        ({"queue": "y"}, 4),
    ]
    (only_b,) = history.summary("took", NOW - HOUR, NOW, where={"task": "b"})
    assert (only_b.total, only_b.count, only_b.labels) == (6, 2, {})
    (everything,) = history.summary("took", NOW - HOUR, NOW)
    assert (everything.total, everything.mean) == (7, 7 / 3)
    assert everything.rate == pytest.approx(3 / 3600)
    assert history.summary("took", NOW - HOUR, NOW, where={"task": "z"}) == []
    assert history.summary("unknown", NOW - HOUR, NOW) == []


def test_what_came_late_is_found_before_its_series_was_first_stored(
    history: History, filler: Filler
) -> None:
    at = NOW.replace(second=0) - HOUR
    filler.minute(at, "took", [1], task="a")
    filler.minute(at - 10 * MINUTE, "took", [2], task="a")
    (series,) = history.series("took", at - 15 * MINUTE, at - 5 * MINUTE, by=["task"])
    assert [point.total for point in series.points] == [2]


def test_the_largest_come_first(history: History, filler: Filler) -> None:
    at = NOW.replace(second=0) - MINUTE
    filler.minute(at, "took", [1] * 50, task="often")
    filler.minute(at, "took", [20, 20], task="slow")
    filler.minute(at, "took", [30] + [0.1] * 30, task="once")
    orders = {
        order: history.top("took", NOW - HOUR, NOW, by=["task"], order=order, limit=1)[0].labels
        for order in ("total", "count", "p95", "high")
    }
    assert orders == {
        "total": {"task": "often"},
        "count": {"task": "often"},
        "p95": {"task": "slow"},
        "high": {"task": "once"},
    }


def test_the_latest_is_the_newest_minute_of_each_label_set(
    history: History, filler: Filler
) -> None:
    at = NOW.replace(second=0)
    filler.plain(at - 2 * MINUTE, "length", Kind.GAUGE, [5, 7], queue="x")
    filler.plain(at - MINUTE, "length", Kind.GAUGE, [3, 2], queue="x")
    filler.plain(at - 2 * MINUTE, "length", Kind.GAUGE, [9], queue="y")
    filler.plain(at - 30 * MINUTE, "length", Kind.GAUGE, [9], queue="old")
    found = history.latest("length")
    assert [(each.labels, each.last, each.start) for each in found] == [
        ({"queue": "x"}, 2, at - MINUTE),
        ({"queue": "y"}, 9, at - 2 * MINUTE),
    ]
    assert [each.last for each in history.latest("length", where={"queue": "y"})] == [9]
    assert len(history.latest("length", within=HOUR)) == 3
    assert [each.quantile(0.95) for each in found] == [2.5, 9]


def test_names_are_told_with_their_kind(history: History, filler: Filler) -> None:
    filler.minute(NOW, "took", [1], task="t")
    filler.plain(NOW, "done", Kind.COUNTER, [1])
    filler.plain(NOW - timedelta(days=3), "gone", Kind.GAUGE, [1])
    assert history.names(NOW - HOUR) == {"done": "counter", "took": "distribution"}


def test_a_step_may_be_asked_for(history: History, filler: Filler) -> None:
    for minute in range(10):
        filler.plain(NOW.replace(second=0) - minute * MINUTE, "done", Kind.COUNTER, [1])
    (series,) = history.series("done", NOW - HOUR, NOW, step=timedelta(minutes=5))
    assert [point.total for point in series.points] == [1, 5, 4]
    assert series.points[1].rate == 5 / 300
    for step in (timedelta(seconds=90), timedelta(0)):
        with pytest.raises(ValueError, match="multiple of a minute"):
            history.series("done", NOW - HOUR, NOW, step=step)
