"""Findings over many runs and what was done about them, each step with its time and its actor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dbsbm.db.models import FindingRow, FindingStep
from dbsbm.db.queries.findings import WAITING, State
from dbsbm.errors import UserError
from dbsbm.optimizer.finding import Finding

Change = Literal["new", "known", "back"]
# A finding that ended so, and yet is found again, is open again. One that is being watched, that
# did not help, or that a person dismissed, stays what it is.
_ENDED: tuple[State, ...] = ("gone", "verified")
_ANALYSIS = "analysis"


def record(
    session: Session,
    findings: Iterable[Finding],
    *,
    blind_rules: Collection[str],
    run_id: int,
    now: datetime,
    target: str = "",
) -> tuple[dict[str, Change], list[str]]:
    """Write the findings of a run beside those of earlier runs.

    A finding that waits and was not found again is gone, unless its rule could not look. One that
    is found again after it was gone is open again, with the day on which it was first seen.

    Args:
        session: The run's transaction.
        findings: What the run has found, each id once.
        blind_rules: Rules that could not look.
        run_id: The run.
        now: When it began.
        target: The server and database that was analysed, empty for the fleet's own.

    Returns:
        What each finding is to earlier runs, by id; and the ids that are gone since the last run.
    """
    found = {finding.id: finding for finding in findings}
    waiting = (FindingRow.target == target) & FindingRow.state.in_(WAITING)
    rows = {
        row.id: row
        for row in session.scalars(
            select(FindingRow).where(or_(waiting, FindingRow.id.in_(found))).with_for_update()
        )
    }
    changes = {key: _change(rows.get(key)) for key in found}
    for key, finding in found.items():
        row = rows.get(key)
        if row is None:
            row = FindingRow(id=key, first_seen=now, state="gone")
            session.add(row)
        is_other = row.state == "proved" and row.fix != list(finding.fix)
        _write(row, finding, run_id, now)
        if changes[key] != "known":
            take_step(session, row, changes[key], "open", actor=_ANALYSIS)
        elif is_other:
            take_step(session, row, "another fix", "open", actor=_ANALYSIS)
    gone = [row for key, row in rows.items() if key not in found and row.rule not in blind_rules]
    for row in gone:
        take_step(session, row, "gone", "gone", actor=_ANALYSIS)
    return changes, sorted(row.id for row in gone)


def take_step(
    session: Session,
    row: FindingRow,
    step: str,
    state: State,
    *,
    actor: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Bring a finding into a state, and write down who did what for it.

    Args:
        session: The transaction.
        row: The finding.
        step: What was done, at most 16 characters.
        state: What the finding is now.
        actor: Who did it.
        detail: What there is to know about it, as JSON.
    """
    row.state = state
    session.add(
        FindingStep(
            finding_id=row.id,
            step=step,
            state=state,
            actor=actor,
            taken_at=datetime.now(UTC),
            detail=dict(detail or {}),
        )
    )


def find(session: Session, finding_id: str) -> FindingRow:
    """The finding of an id, or of the beginning of one.

    Raises:
        UserError: No finding, or more than one, has an id that begins so.
    """
    rows = session.scalars(
        select(FindingRow).where(FindingRow.id.startswith(finding_id, autoescape=True)).limit(2)
    ).all()
    if not finding_id or not rows:
        raise UserError(f"There is no finding {finding_id}; see `optimizer list`.")
    if len(rows) > 1:
        raise UserError(f"More than one finding begins with {finding_id}: write more of it.")
    return rows[0]


def steps(session: Session, finding_id: str) -> list[FindingStep]:
    """What was done about a finding, the oldest first."""
    return list(
        session.scalars(
            select(FindingStep).where(FindingStep.finding_id == finding_id).order_by(FindingStep.id)
        )
    )


def as_finding(row: FindingRow) -> Finding:
    """The finding that a row holds."""
    return Finding(
        rule=row.rule,
        object=row.object,
        severity=row.severity,  # type: ignore[arg-type]  # only `record` writes rows
        cause=row.cause,
        evidence=row.evidence,
        fix=tuple(row.fix),
        expected_gain=row.expected_gain,
        confidence=row.confidence,
        risk=row.risk,  # type: ignore[arg-type]  # only `record` writes rows
        revert=tuple(row.revert),
        proof=row.proof,
        target=row.target,
    )


def _change(row: FindingRow | None) -> Change:
    if row is None:
        return "new"
    return "back" if row.state in _ENDED else "known"


def _write(row: FindingRow, finding: Finding, run_id: int, now: datetime) -> None:
    fields = finding.to_dict()
    if row.state == "applied":  # what was done is kept, or undone
        del fields["fix"], fields["revert"]
    if finding.proof is None and row.state not in _ENDED and row.fix == fields.get("fix", row.fix):
        del fields["proof"]  # a proof stays until the finding ends, or asks for something else
    for column, value in fields.items():
        setattr(row, column, value)
    row.last_seen, row.run_id = now, run_id
