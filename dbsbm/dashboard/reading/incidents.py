"""Incidents, silences and changes, as tables and as one page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from dbsbm.dashboard.reading.tables import Query, Sources, TableRow
from dbsbm.dashboard.reading.tops import ROWS, href
from dbsbm.dashboard.reading.verdict import Firing
from dbsbm.db.models import AlertSilence, Change, Incident

_RANK = case({"page": 0, "warn": 1}, value=Incident.severity, else_=2)
BEFORE = timedelta(minutes=15)


def firing(session: Session) -> list[Firing]:
    """Incidents that go on, the gravest first."""
    rows = session.scalars(
        select(Incident)
        .where(Incident.state == "firing")
        .order_by(_RANK, Incident.fired_at)
        .limit(ROWS)
    )
    return [
        Firing(
            row.id,
            row.severity,
            row.rule,
            row.series,
            row.effect,
            row.acknowledged_at is not None,
        )
        for row in rows
    ]


def broken_rules(session: Session) -> set[str]:
    """Rules of which an incident fires, or is about to."""
    return set(session.scalars(select(Incident.rule).where(Incident.state != "resolved")))


def open_incidents(sources: Sources, _query: Query) -> Sequence[TableRow]:
    """Those that fire, and those that may soon."""
    rows = sources.rows(
        select(Incident)
        .where(Incident.state != "resolved")
        .order_by(_RANK, Incident.started_at)
        .limit(ROWS)
    )
    now = datetime.now(UTC)
    return [_row(row, now) for row in rows]


def past_incidents(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Those that were resolved within the range, the newest first."""
    rows = sources.rows(
        select(Incident)
        .where(Incident.state == "resolved", Incident.resolved_at >= query.span.since)
        .order_by(Incident.resolved_at.desc())
        .limit(200)
    )
    return [_row(row, row.resolved_at or row.updated_at) for row in rows]


def silences(sources: Sources, _query: Query) -> Sequence[TableRow]:
    """Silences in force."""
    rows = sources.rows(
        select(AlertSilence)
        .where(AlertSilence.until > datetime.now(UTC))
        .order_by(AlertSilence.until)
        .limit(ROWS)
    )
    return [
        TableRow([row.rule, row.series or "all", row.until, row.by, row.reason]) for row in rows
    ]


def changes(sources: Sources, query: Query) -> Sequence[TableRow]:
    """What was changed within the range: the first thing to suspect."""
    rows = sources.rows(
        select(Change)
        .where(Change.at >= query.span.since, Change.at <= query.span.until)
        .order_by(Change.at.desc())
        .limit(ROWS)
    )
    return [TableRow([row.at, row.kind, row.summary, row.by]) for row in rows]


def changes_before(sources: Sources, query: Query) -> Sequence[TableRow]:
    """What was changed in the quarter of an hour before an incident began."""
    with sources.database.read() as session:
        incident = session.get(Incident, query.number("incident"))
        if incident is None:
            return []
        rows = session.scalars(
            select(Change)
            .where(Change.at >= incident.started_at - BEFORE, Change.at <= incident.started_at)
            .order_by(Change.at.desc())
        ).all()
    return [TableRow([row.at, row.kind, row.summary, row.by]) for row in rows]


def evidence(sources: Sources, query: Query) -> Sequence[TableRow]:
    """What an incident was made of when it fired, or last became worse."""
    with sources.database.read() as session:
        incident = session.get(Incident, query.number("incident"))
    parts = [] if incident is None else (incident.evidence or {}).get("top", [])
    return [
        TableRow(
            [
                ", ".join(f"{name}={value}" for name, value in part["labels"].items()),
                part.get("share"),
                part.get("count"),
                part.get("text"),
            ]
        )
        for part in parts
    ]


def with_unit(value: float | None, unit: str) -> str | None:
    """A rule's value as its unit wants it."""
    return None if value is None else f"{value:,.4g} {unit}".strip()


def _row(row: Incident, until: datetime) -> TableRow:
    began = row.fired_at or row.started_at
    cells = [
        row.severity,
        row.effect,
        row.rule,
        row.series or None,
        row.state,
        began,
        (until - began).total_seconds(),
        with_unit(row.worst, row.unit),
        row.acknowledged_by,
    ]
    return TableRow(cells, href("alerts", str(row.id)))
