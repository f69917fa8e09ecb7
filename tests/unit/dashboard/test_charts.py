"""Series become lines on one grid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dbsbm.dashboard.reading.charts import MOST_LINES, Chart, Curve, Misses, Share
from dbsbm.dashboard.reading.span import RANGES, Span
from dbsbm.errors import UserError
from tests.unit.dashboard.fake_history import FakeHistory

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SPAN = Span.ending(NOW, "1h")


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def draw(history: FakeHistory, *curves, where=None, **options):
    return Chart("id", "title", "about", "s", curves, **options).draw(history, SPAN, where or {})


def test_lines_share_a_grid_and_a_minute_without_values_is_a_gap() -> None:
    history = FakeHistory()
    history.observe(ago(10), "task.run", 1.0, 3.0, task="a")
    history.observe(ago(8), "task.run", 5.0, task="a")
    history.observe(ago(7), "task.run", 7.0, task="b")

    drawn = draw(history, Curve("task.run", "high", by="task"))

    assert drawn["start"] == ago(10).timestamp()
    assert drawn["step"] == 60
    assert drawn["lines"] == [
        {"name": "a", "values": [3.0, None, 5.0, None]},
        {"name": "b", "values": [None, None, None, 7.0]},
    ]
    assert (drawn["since"], drawn["until"]) == (ago(60).timestamp(), NOW.timestamp())


def test_every_statistic_of_a_series_costs_one_read() -> None:
    history = FakeHistory()
    history.observe(ago(1), "db.query", *(n / 100 for n in range(1, 101)))
    curves = [Curve("db.query", stat, stat) for stat in ("p50", "p95", "p99")]

    drawn = draw(history, *curves)

    assert history.reads == ["db.query"]
    names = [line["name"] for line in drawn["lines"]]
    assert names == ["p50", "p95", "p99"]
    values = [line["values"][0] for line in drawn["lines"]]
    assert values == pytest.approx([0.5, 0.95, 0.99], rel=0.02)


def test_a_share_is_of_all_its_counters_together() -> None:
    history = FakeHistory()
    history.observe(ago(2), "cache.hits", 90, category="games")
    history.observe(ago(2), "cache.misses", 10, category="games")
    history.observe(ago(1), "cache.misses", 4, category="games")

    drawn = draw(history, Share("cache.hits", ("cache.misses",), by="category"))

    assert drawn["lines"] == [{"name": "games", "values": [0.9, 0.0]}]


def test_misses_are_the_share_of_what_did_not_go_well() -> None:
    history = FakeHistory()
    history.observe(ago(2), "provider.call", 1, 1, 1, outcome="ok")
    history.observe(ago(2), "provider.call", 1, outcome="timeout")
    history.observe(ago(1), "provider.call", 1, outcome="ok")

    drawn = draw(history, Misses("provider.call", "outcome", "ok"))

    assert drawn["lines"][0]["values"] == [0.25, 0.0]


def test_more_lines_than_can_be_told_apart_are_left_out_and_said_so() -> None:
    history = FakeHistory()
    for number in range(20):
        history.observe(ago(1), "task.run", number + 1, task=f"task{number}")

    drawn = draw(history, Curve("task.run", "total", by="task"))

    assert len(drawn["lines"]) == MOST_LINES
    assert drawn["left_out"] == 20 - MOST_LINES
    assert drawn["lines"][0]["name"] == "task19"


def test_a_page_about_one_thing_reads_its_series_alone() -> None:
    history = FakeHistory()
    history.observe(ago(1), "task.run", 1, task="a")
    history.observe(ago(1), "task.run", 9, task="b")

    drawn = draw(history, Curve("task.run", "high", "run"), where={"task": "a"})

    assert drawn["lines"] == [{"name": "run", "values": [1.0]}]


def test_nothing_measured_is_no_line() -> None:
    drawn = draw(FakeHistory(), Curve("task.run", "p95"), Share("a", ("b",)), Misses("c", "d", "e"))

    assert drawn["lines"] == []


def test_a_range_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(UserError, match=r"no range '2h': choose one of 1h, 6h, 24h, 7d, 30d, 1y"):
        Span.ending(NOW, "2h")
    assert [Span.ending(NOW, name).seconds for name in RANGES][-1] == 365 * 86400
