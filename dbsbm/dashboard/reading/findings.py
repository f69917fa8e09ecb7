"""What the optimizer has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dbsbm.dashboard.reading.tables import Query, Sources, TableRow
from dbsbm.dashboard.reading.tops import ROWS, href
from dbsbm.db.models import FindingRow, FindingStep, OptimizerRun
from dbsbm.db.queries.findings import GRAVITY, WAITING, last_run, not_looked_at

_OPEN = (*WAITING, "applied")


def open_findings(sources: Sources, _query: Query) -> Sequence[TableRow]:
    """Those that wait for somebody, or are watched since their change; the gravest first."""
    rows = sources.rows(
        select(FindingRow)
        .where(FindingRow.state.in_(_OPEN))
        .order_by(GRAVITY, FindingRow.confidence.desc(), FindingRow.id)
        .limit(200)
    )
    return [_row(row, row.first_seen) for row in rows]


def past_findings(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Those that were seen within the range, and ended."""
    rows = sources.rows(
        select(FindingRow)
        .where(FindingRow.state.not_in(_OPEN), FindingRow.last_seen >= query.span.since)
        .order_by(FindingRow.last_seen.desc())
        .limit(ROWS)
    )
    return [_row(row, row.last_seen) for row in rows]


def steps(sources: Sources, query: Query) -> Sequence[TableRow]:
    """What became of one finding, the newest first."""
    rows = sources.rows(
        select(FindingStep)
        .where(FindingStep.finding_id == query.where.get("finding", ""))
        .order_by(FindingStep.id.desc())
        .limit(ROWS)
    )
    return [
        TableRow([row.taken_at, row.step, row.state, row.actor, _spoken(row.detail)])
        for row in rows
    ]


def _spoken(detail: Mapping[str, Any]) -> str | None:
    """What a step says of itself, in one line."""
    return ", ".join(f"{key}: {value}" for key, value in detail.items()) or None


def runs(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Analyses within the range."""
    rows = sources.rows(
        select(OptimizerRun)
        .where(OptimizerRun.started_at >= query.span.since)
        .order_by(OptimizerRun.started_at.desc())
        .limit(ROWS)
    )
    return [
        TableRow([*_run(row), row.target or "the fleet"], href("traces", row.trace_id))
        for row in rows
    ]


def last_analysis(sources: Sources, _query: Query) -> Sequence[TableRow]:
    """The newest analysis of the fleet, whatever the range is."""
    with sources.database.read() as session:
        run = last_run(session)
    return [] if run is None else [TableRow(_run(run), href("traces", run.trace_id))]


def unseen(sources: Sources, _query: Query) -> Sequence[TableRow]:
    """What that analysis could not look at."""
    with sources.database.read() as session:
        run = last_run(session)
    return [] if run is None else [TableRow([*each]) for each in not_looked_at(run)]


def _run(run: OptimizerRun) -> list[Any]:
    blind = sum(len(rules.split(", ")) for rules, _ in not_looked_at(run))
    result = "healthy" if run.healthy else "unhealthy"
    return [run.started_at, result, run.findings, run.rules, blind, run.seconds]


def proof(sources: Sources, query: Query) -> Sequence[TableRow]:
    """What was replayed for one finding."""
    with sources.database.read() as session:
        row = session.get(FindingRow, query.where.get("finding", ""))
    statements = (row.proof or {}).get("statements", ()) if row is not None else ()
    return [
        TableRow(
            [
                each["statement"],
                trial["values"],
                *(_both(trial[name]) for name in ("rows", "pages")),
                f"{_both(trial['ms'])} ms",
            ]
        )
        for each in statements
        for trial in each["trials"]
    ]


def _both(pair: Sequence[float | None]) -> str:
    return " → ".join("-" if each is None else f"{each:,}" for each in pair)


def _row(row: FindingRow, at: datetime) -> TableRow:
    cells = [
        row.severity,
        row.object if not row.target else f"{row.object} on {row.target}",
        row.rule,
        row.cause,
        row.state,
        row.expected_gain,
        row.confidence,
        at,
    ]
    return TableRow(cells, href("findings", row.id))
