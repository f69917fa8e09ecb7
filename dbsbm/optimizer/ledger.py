"""Findings over many runs: which are new, known, back, or gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dbsbm.db.models import FindingRow
from dbsbm.optimizer.finding import Finding

Change = Literal["new", "known", "back"]


def record(
    session: Session,
    findings: Iterable[Finding],
    *,
    blind_rules: Collection[str],
    run_id: int,
    now: datetime,
) -> tuple[dict[str, Change], list[str]]:
    """Write the findings of a run beside those of earlier runs.

    An open finding that was not found again is gone, unless its rule could not look. One that is
    found again after it was gone is open again, with the day on which it was first seen.

    Args:
        session: The run's transaction.
        findings: What the run has found, each id once.
        blind_rules: Rules that could not look.
        run_id: The run.
        now: When it began.

    Returns:
        What each finding is to earlier runs, by id; and the ids that are gone since the last run.
    """
    found = {finding.id: finding for finding in findings}
    rows = {
        row.id: row
        for row in session.scalars(
            select(FindingRow).where(or_(FindingRow.state == "open", FindingRow.id.in_(found)))
        )
    }
    changes = {key: _change(rows.get(key)) for key in found}
    for key, finding in found.items():
        row = rows.get(key)
        if row is None:
            row = FindingRow(id=key, first_seen=now)
            session.add(row)
        _write(row, finding, run_id, now)
    gone = [row for key, row in rows.items() if key not in found and row.rule not in blind_rules]
    for row in gone:
        row.state = "gone"
    return changes, sorted(row.id for row in gone)


def _change(row: FindingRow | None) -> Change:
    if row is None:
        return "new"
    return "known" if row.state == "open" else "back"


def _write(row: FindingRow, finding: Finding, run_id: int, now: datetime) -> None:
    for column, value in finding.to_dict().items():
        setattr(row, column, value)
    row.state, row.last_seen, row.run_id = "open", now, run_id
