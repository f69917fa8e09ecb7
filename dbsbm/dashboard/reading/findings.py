"""What the optimizer has found."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, select

from dbsbm.dashboard.reading.tables import Query, Sources, TableRow
from dbsbm.dashboard.reading.tops import ROWS, href
from dbsbm.db.models import FindingRow, OptimizerRun

_RANK = case({"critical": 0, "warning": 1}, value=FindingRow.severity, else_=2)


def open_findings(sources: Sources, _query: Query) -> Sequence[TableRow]:
    """Those of the newest runs, the gravest first."""
    rows = sources.rows(
        select(FindingRow)
        .where(FindingRow.state == "open")
        .order_by(_RANK, FindingRow.confidence.desc())
        .limit(200)
    )
    return [_row(row) for row in rows]


def gone_findings(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Those that were seen within the range, and are not found any more."""
    rows = sources.rows(
        select(FindingRow)
        .where(FindingRow.state == "gone", FindingRow.last_seen >= query.span.since)
        .order_by(FindingRow.last_seen.desc())
        .limit(ROWS)
    )
    return [_row(row) for row in rows]


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
        row.object,
        row.cause,
        row.expected_gain,
        row.confidence,
        row.first_seen,
        row.last_seen,
    ]
    return TableRow(cells, href("findings", row.id))
