"""Closes the windows in which applied findings are watched, and says what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow, SchemaChange
from dbsbm.optimizer.applying.ddl import read_statement
from dbsbm.optimizer.applying.target import Target
from dbsbm.optimizer.applying.watching import Total, conclude, judge, read_totals

WINDOW: Final = timedelta(hours=1)
"""Long enough for each statement to have run with many values."""

Conclusion = Literal["keep", "revert", "wait"]


def watched(session: Session, target: str) -> list[SchemaChange]:
    """The last change of each finding that is applied and not yet judged, the oldest first."""
    made = session.scalars(
        select(SchemaChange)
        .join(FindingRow, FindingRow.id == SchemaChange.finding_id)
        .where(
            SchemaChange.target == target,
            SchemaChange.kind == "apply",
            SchemaChange.state == "done",
            FindingRow.state == "applied",
        )
        .order_by(SchemaChange.id)
    )
    # What was verified and found again is applied again: its earlier change was judged.
    last = {each.finding_id: each for each in made}
    return sorted(last.values(), key=lambda each: each.id)


def close_window(
    database: Database,
    target: Target,
    change: SchemaChange,
    *,
    now: datetime,
    window: timedelta = WINDOW,
) -> Conclusion:
    """Judge a window if one has passed.

    Args:
        database: Where the ledger is.
        target: The server that is watched.
        change: What was changed, with what was read when it was.
        now: The time.
        window: How long a window is.

    Returns:
        What to do with the change.
    """
    watch = change.watch
    if watch is None or change.ended_at is None:
        return "wait"  # nobody counts the server's statements: a person has to judge
    started = datetime.fromisoformat(watch.get("started_at", change.ended_at.isoformat()))
    if now - started < window:
        return "wait"
    totals = read_totals(target, change.schema_name, change.table_name)
    if totals is None:
        return "wait"
    found = judge(_totals(watch["before"]), _totals(watch["start"]), totals)
    verdicts = [*watch["verdicts"], found.verdict]
    _write(
        database,
        change.id,
        {
            "before": watch["before"],
            "start": totals,
            "started_at": now.isoformat(),
            "verdicts": verdicts,
            "digests": list(found.digests),
        },
    )
    makes_index = bool(read_statement(change.statement).adds)
    return conclude(verdicts, makes_index=makes_index)


def _totals(stored: Mapping[str, Any]) -> dict[str, Total]:
    return {digest: Total(*figures) for digest, figures in stored.items()}


def _write(database: Database, change_id: int, watch: dict[str, Any]) -> None:
    def write(session: Session) -> None:
        session.get_one(SchemaChange, change_id).watch = watch

    database.transact(write)
