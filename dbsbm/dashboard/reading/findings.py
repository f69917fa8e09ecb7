"""What the optimizer has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from dbsbm.dashboard.reading.tables import Query, Sources, TableRow
from dbsbm.dashboard.reading.tops import ROWS, href
from dbsbm.db.models import FindingRow, FindingStep, OptimizerRun
from dbsbm.db.queries.findings import GRAVITY, WAITING

_OPEN = (*WAITING, "applied")


def open_findings(sources: Sources, _query: Query) -> Sequence[TableRow]:
    """Those that wait for somebody, or are watched since their change; the gravest first."""
    rows = sources.rows(
        select(FindingRow)
        .where(FindingRow.state.in_(_OPEN))
        .order_by(GRAVITY, FindingRow.confidence.desc())
        .limit(200)
    )
    return [_row(row) for row in rows]


def past_findings(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Those that were seen within the range, and ended."""
    rows = sources.rows(
        select(FindingRow)
        .where(FindingRow.state.not_in(_OPEN), FindingRow.last_seen >= query.span.since)
        .order_by(FindingRow.last_seen.desc())
        .limit(ROWS)
    )
    return [_row(row) for row in rows]


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
        TableRow(
            [
                row.started_at,
                "healthy" if row.healthy else "unhealthy",
                row.findings,
                row.rules,
                row.seconds,
                ", ".join(row.not_enabled) or None,
            ],
            href("traces", row.trace_id),
        )
        for row in rows
    ]


def _row(row: FindingRow) -> TableRow:
    cells = [
        row.severity,
        row.object if not row.target else f"{row.object} on {row.target}",
        row.cause,
        row.state,
        row.expected_gain,
        row.confidence,
        row.first_seen,
        row.last_seen,
    ]
    return TableRow(cells, href("findings", row.id))
