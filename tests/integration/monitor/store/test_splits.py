"""Totals by a label give what the label sets give, from the moment on that they hold everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import event, update

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricPoint
from dbsbm.monitor.counting.series import Kind, labels_text, spell
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store import condense as condensing
from dbsbm.monitor.store import finding
from dbsbm.monitor.store.condense import condense
from dbsbm.monitor.store.following import Follower
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.points import add_minute
from dbsbm.monitor.store.reading import Point
from dbsbm.monitor.store.rollup import roll_up

NOW = datetime(2026, 11, 20, 18, 3, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
QUEUES = ("images", "deliver", "fetch")
RUNS = [
    (task, QUEUES[number % 3], outcome)
    for number, task in enumerate("abcdef")
    for outcome in ("ok", "failed")
]


@pytest.fixture
def history(database: Database) -> History:
    return History(database, now=lambda: NOW)


@contextmanager
def splits_are_unknown(*modules: object) -> Iterator[None]:
    """A sampler, or a reader, of before."""
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setattr(module, "splits_of", lambda _name: ())
        yield


def fill(database: Database, at: datetime, dice: Random) -> None:
    """A minute of tasks as a sampler stores it; sums of whole numbers are exact in any order."""
    minute: dict[str, Stats] = {}
    for task, queue, outcome in RUNS:
        sketch = Sketch()
        sketch.add_all([dice.randint(1, 10_000) for _ in range(dice.randint(1, 20))])
        labels = {"task": task, "queue": queue, "outcome": outcome}
        minute[spell(Kind.DISTRIBUTION, "task.run", labels.items())[0]] = sketch
        failures = Stats()
        failures.add(dice.randint(1, 9))
        minute[
            spell(Kind.COUNTER, "db.errors", {"fingerprint": task, "error": queue}.items())[0]
        ] = failures
    database.transact(lambda session: add_minute(session, at, condense(minute)))


def told(points: Sequence[Point]) -> list[tuple[object, ...]]:
    return [
        (each.start, each.count, each.total, each.low, each.high, *each.quantiles(0.5, 0.95, 0.99))
        for each in points
    ]


QUESTIONS: tuple[tuple[str, dict[str, str], tuple[str, ...]], ...] = (
    ("task.run", {}, ("outcome",)),
    ("task.run", {}, ("task",)),
    ("task.run", {"outcome": "failed"}, ()),
    ("task.run", {"outcome": "ok"}, ("outcome",)),
    ("task.run", {"task": "b"}, ("outcome",)),
    ("db.errors", {}, ("error",)),
)
EVERYTHING = ("count", "total", "low", "high", "p50", "p95", "p99")


@pytest.mark.parametrize("old_minutes", [0, 5, 20])
def test_a_split_by_totals_is_the_split_by_label_sets(
    database: Database, history: History, old_minutes: int
) -> None:
    dice = Random(5)
    starts = [NOW.replace(second=0) - number * timedelta(minutes=37) for number in range(20, 0, -1)]
    for at in starts[:old_minutes]:
        with splits_are_unknown(condensing):
            fill(database, at, dice)
    for at in starts[old_minutes:]:
        fill(database, at, dice)
    roll_up(database, now=NOW)
    for name, where, by in QUESTIONS:
        for hours in (6, 20, 24 * 20, 24 * 300):
            span = (NOW - hours * HOUR, NOW)
            found = history.series(name, *span, where=where, by=by)
            lean = history.series(name, *span, where=where, by=by, only=EVERYTHING)
            with splits_are_unknown(finding):
                wanted = history.series(name, *span, where=where, by=by)
            assert wanted
            for series in (found, lean):
                assert [(each.labels, each.kind, told(each.points)) for each in series] == [
                    (each.labels, each.kind, told(each.points)) for each in wanted
                ]


def test_a_minute_that_two_samplers_stored_of_which_one_is_of_before_is_read_by_label_sets(
    database: Database, history: History
) -> None:
    at = NOW.replace(second=0) - 9 * MINUTE
    dice = Random(1)
    for number in range(8):
        fill(database, at + number * MINUTE, dice)
    with splits_are_unknown(condensing):
        fill(database, at + 3 * MINUTE, dice)
    with splits_are_unknown(finding):
        wanted = history.series("task.run", at, NOW, by=("task",))
    found = history.series("task.run", at, NOW, by=("task",))
    assert [told(each.points) for each in found] == [told(each.points) for each in wanted]


def test_a_split_chart_reads_no_label_sets_and_no_sketches(
    database: Database, history: History
) -> None:
    fill(database, NOW.replace(second=0) - MINUTE, Random(2))
    read: list[tuple[str, int]] = []

    @event.listens_for(database.engine, "after_cursor_execute")
    def watch(_c: object, cursor: object, statement: str, *_: object) -> None:
        if "FROM metric_points" in statement:
            read.append((statement, statement.count("metric_points.sketch AS")))

    found = history.series("task.run", NOW - HOUR, NOW, by=("outcome",), only=("p95",))
    assert [each.labels for each in found] == [{"outcome": "failed"}, {"outcome": "ok"}]
    assert {sketches for _, sketches in read} == {0}
    assert all(len(each.points[0].rows) == 1 for each in found)
    assert [each.points[0].rows[0].sketch for each in found] == [None, None]


def test_totals_by_a_label_are_no_metrics_and_are_not_counted_twice(
    database: Database, history: History
) -> None:
    at = NOW.replace(second=0) - MINUTE
    follower = Follower(database, now=lambda: NOW)
    fill(database, at, Random(3))
    assert history.names(NOW - HOUR) == {"db.errors": "counter", "task.run": "distribution"}
    assert len(history.latest("task.run")) == len(RUNS)
    (whole,) = history.summary("task.run", NOW - HOUR, NOW)
    by_queue = history.summary("task.run", NOW - HOUR, NOW, by=("queue",))
    assert sum(each.count for each in by_queue) == whole.count
    followed = follower.read()
    assert {each.name for each in followed} == {"task.run", "db.errors"}
    runs = [each.total.count for each in followed if each.name == "task.run"]
    assert (len(runs), sum(runs)) == (len(RUNS), whole.count)


def test_points_of_before_quantiles_were_stored_are_read_by_their_sketches(
    database: Database, history: History
) -> None:
    dice = Random(4)
    for number in (5, 4, 3):
        fill(database, NOW.replace(second=0) - number * MINUTE, dice)
    stored = history.series("task.run", NOW - HOUR, NOW, only=("p50", "p99"))
    before = MetricPoint.start < NOW - 3 * MINUTE
    database.transact(
        lambda session: [
            session.execute(update(MetricPoint).where(before).values(p50=None, p95=None, p99=None))
        ]
    )
    found = history.series("task.run", NOW - HOUR, NOW, only=("p50", "p99"))
    assert [each.quantiles(0.5, 0.99) for each in found[0].points] == [
        each.quantiles(0.5, 0.99) for each in stored[0].points
    ]


def test_numbers_are_read_exactly_however_they_are_written(
    database: Database, history: History
) -> None:
    dice = Random(6)
    at = NOW.replace(second=0) - MINUTE
    key = condensing.SeriesKey("took", labels_text([]), Kind.GAUGE)
    for number in range(50):
        sizes = [dice.uniform(-1, 1) * 10.0 ** dice.randint(-99, 99) for _ in range(4)]
        stats = {key: Stats(dice.randint(1, 2**50), *sizes)}
        start = at - number * MINUTE
        database.transact(lambda s: add_minute(s, start, stats))  # noqa: B023 - run at once
    lean = ("total", "low", "high", "last")
    (wanted,) = history.series("took", NOW - HOUR, NOW)
    (found,) = history.series("took", NOW - HOUR, NOW, only=lean)
    assert len(wanted.points) == 50
    for name in ("start", "count", *lean):
        assert [getattr(each, name) for each in found.points] == [
            getattr(each, name) for each in wanted.points
        ]


def test_what_was_not_asked_for_is_not_told(database: Database, history: History) -> None:
    fill(database, NOW.replace(second=0) - MINUTE, Random(7))
    (series,) = history.series("task.run", NOW - HOUR, NOW, only=("total",))
    with pytest.raises(ValueError, match="read without the quantiles"):
        series.points[0].quantile(0.25)
