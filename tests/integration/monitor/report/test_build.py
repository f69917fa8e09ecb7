from __future__ import annotations

from datetime import timedelta

import pytest

from dbsbm.db.engine import Database
from dbsbm.monitor.report.build import build_report
from dbsbm.monitor.report.model import Report, Row
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.rollup import roll_up
from tests.integration.monitor.report.hours import (
    DAY,
    LENGTH,
    MIB,
    NOW,
    POINTS,
    SLOW_TEXT,
    fail,
    fill,
    happen,
    tell_texts,
)


def report_of(database: Database) -> Report:
    history = History(database, now=lambda: NOW)
    return build_report(history, database, NOW - LENGTH, NOW, now=NOW)


def rows(report: Report, section: str) -> dict[str, Row]:
    return {row.name: row for each in report.sections if each.key == section for row in each.rows}


def test_a_report_knows_the_span_and_the_days_before(database: Database) -> None:
    fill(database, NOW - 7 * DAY, load=10)
    fill(database, NOW - DAY)
    fill(database, NOW, answer=0.6)
    fail(database, NOW - timedelta(hours=3), 40)
    tell_texts(database)
    happen(database)
    roll_up(database, now=NOW)

    report = report_of(database)

    assert [window.name for window in report.compared] == ["day before", "week before"]
    assert [window.measured for window in (report.span, *report.compared)] == [1, 1, 1]

    answers = rows(report, "response_times")["command to answer"].figures
    assert answers["count"].before == (10 * POINTS, 10 * POINTS)
    p95 = answers["p95"]
    assert p95.value == pytest.approx(2 * (p95.before[0] or 0), rel=0.016)
    assert p95.before[0] == pytest.approx(p95.before[1], rel=0.016)

    tasks = rows(report, "tasks")
    assert tasks["tasks.bets.place"].figures["runs"].value == 12 * POINTS
    assert tasks["tasks.bets.place"].figures["runs"].before == (12 * POINTS, 10 * POINTS)
    assert tasks["tasks.games.refresh"].figures["failed"].value == 40
    assert tasks["tasks.games.refresh"].figures["p95"].before == (None, None)

    first, second = rows(report, "statements").values()
    assert (first.name, first.detail, first.figures["calls"].value) == ("f2", SLOW_TEXT, 2 * POINTS)
    assert second.figures["total"].value == pytest.approx(40 * POINTS * 0.002)
    assert sum(row.figures["share"].value or 0 for row in (first, second)) == pytest.approx(1)

    errors = rows(report, "errors")
    assert errors["task failures"].figures["count"].value == 40
    assert errors["task failures"].figures["count"].before == (0, 0)
    assert errors["provider errors"].figures["share"].value == pytest.approx(40 / (2 * POINTS + 40))
    assert "scoreboard timeout (40)" in errors["provider errors"].detail

    resources = rows(report, "resources")
    front = resources["memory of worker.front, together"].figures
    assert front["mean"].value == pytest.approx(4 * 90 * MIB * 1.1, rel=0.01)
    assert front["peak"].value == pytest.approx(90 * MIB * 1.2, rel=0.01)
    # 1 MiB every ten minutes.
    assert resources["size of the database"].figures["growth"].value == pytest.approx(144 * MIB)
    assert resources["disk of one"].figures["growth"].value == pytest.approx(144 * MIB)

    assert [each.rule for each in report.incidents] == ["slow-api", "long-queue-wait"]
    assert [each.seconds for each in report.incidents] == [7200, 3600]
    assert (report.incident_count.value, report.incident_count.before) == (2, (0, 1))
    assert [(f.id, f.is_new) for f in report.findings.open] == [("a", True)]
    assert [f.id for f in report.findings.gone] == ["b"]
    assert report.findings.analysed_at == NOW - timedelta(hours=1)

    assert report.verdict.level == "attention"
    assert "Goes on for 2 h: slow-api" in report.verdict.reasons[0]


def test_where_a_day_was_not_measured_there_is_no_comparison(database: Database) -> None:
    fill(database, NOW - DAY)
    fill(database, NOW)
    report = report_of(database)
    for figure in report.headline.values():
        assert figure.before[0] is not None
        assert figure.before[1] is None
    assert report.compared[1].measured == 0
    assert report.verdict.level == "well"


def test_a_report_of_nothing_says_so(database: Database) -> None:
    report = report_of(database)
    assert report.is_empty
    assert report.verdict.level == "unknown"
    assert report.verdict.sentence.startswith("Nothing was measured")
    assert not any(section.rows for section in report.sections)
