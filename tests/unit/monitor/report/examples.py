"""A small report, every number of which is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dbsbm.monitor.report.model import (
    Figure,
    FindingLine,
    Findings,
    IncidentLine,
    Line,
    Report,
    Row,
    Section,
    Trend,
    Verdict,
    Window,
)

UNTIL = datetime(2026, 11, 20, 7, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=2)
HOSTILE = "</code><script>alert(1)</script> `@everyone` **x** " + "long " * 300


def figure(value: float | None, *before: float | None, **fields: Any) -> Figure:
    return Figure(
        value, **{"unit": "seconds", "samples": 100, "better": "low", **fields}, before=before
    )


def a_window(name: str, days: int, measured: float) -> Window:
    shift = timedelta(days=days)
    return Window(name, SINCE - shift, UNTIL - shift, measured)


def an_incident(**fields: Any) -> IncidentLine:
    incident = IncidentLine(
        id=3,
        rule="slow-api",
        series="provider=espn",
        severity="warn",
        effect="Games are shown late.",
        started=SINCE,
        ended=SINCE + timedelta(minutes=12),
        seconds=720.0,
        worst=8.25,
        threshold=5.0,
        unit="s",
        acknowledged_by=None,
    )
    return replace(incident, **fields)


def a_finding(**fields: Any) -> FindingLine:
    finding = FindingLine(
        id="f" * 32,
        rule="missing-index",
        severity="warning",
        object="table bets",
        cause="Every row is read.",
        expected_gain="p95 from 1 s to 2 ms",
        first_seen=SINCE,
        last_seen=UNTIL,
        is_new=True,
    )
    return replace(finding, **fields)


def headline(**fields: Figure) -> dict[str, Figure]:
    return {
        "p50": figure(0.2, 0.2, None),
        "p95": figure(0.6, 0.5, None),
        "tasks_per_minute": figure(12.0, 10.0, None, unit="per_minute", better="neither"),
        "hit_rate": figure(0.9, 0.95, None, unit="ratio", better="high"),
        "memory": figure(300 * 2.0**20, 200 * 2.0**20, None, unit="bytes"),
        "failures": figure(0.0, 2.0, None, unit="count"),
        "failure_share": figure(0.0, 0.001, None, unit="ratio"),
        "dead_letters": figure(0.0, 0.0, None, unit="count"),
        "incidents": figure(1.0, 0.0, None, unit="count"),
        **fields,
    }


def a_section(**fields: Any) -> Section:
    row = Row(
        "command to answer",
        {
            "count": figure(1440.0, 1200.0, None, unit="count", better="neither"),
            "p95": figure(0.6, 0.5, None),
        },
        lead="p95",
    )
    section = Section(
        "response_times", "Response times", {"count": "count", "p95": "p95"}, [row], "Nothing."
    )
    return replace(section, **fields)


def a_report(**fields: Any) -> Report:
    lines = [Line("p50", (0.2, None)), Line("p95", (0.6, 0.5))]
    hour = timedelta(hours=1)
    report = Report(
        span=a_window("span", 0, 1.0),
        compared=[a_window("day before", 1, 1.0), a_window("week before", 7, 0.0)],
        made_at=UNTIL,
        headline=headline(),
        trends=[
            Trend(
                "response_times",
                "Command to answer",
                "seconds",
                3600.0,
                (SINCE, SINCE + hour),
                lines,
            )
        ],
        verdict=Verdict("attention", "The fleet worked, and needs attention.", ["A reason."]),
        sections=[a_section()],
        incidents=[an_incident()],
        incident_count=figure(1.0, 0.0, None, unit="count"),
        findings=Findings(open=[a_finding()]),
    )
    return replace(report, **fields)


def a_hostile_report() -> Report:
    """Every text in it is too long, and wants to be markup."""
    row = Row(HOSTILE, {"p95": figure(0.6, 0.5, None)}, lead="p95", detail=HOSTILE)
    sections = [
        a_section(key=key, title=HOSTILE, rows=[row] * 12)
        for key in ("response_times", "hit_rates", "statements", "endpoints", "resources")
    ]
    return a_report(
        verdict=Verdict("unwell", HOSTILE, [HOSTILE] * 20),
        sections=[replace(each, columns={"p95": "p95"}) for each in sections],
        incidents=[an_incident(rule=HOSTILE, series=HOSTILE, effect=HOSTILE, unit=HOSTILE)] * 20,
        findings=Findings(open=[a_finding(object=HOSTILE, cause=HOSTILE)] * 20),
    )
