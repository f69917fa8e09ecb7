"""Deleting what is old enough, a bounded batch at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dbsbm.db.engine import Database
from dbsbm.db.models import (
    CacheCleanupRun,
    Effect,
    FindingRow,
    Interaction,
    MetricBatch,
    MetricSample,
    OptimizerRun,
    ScheduleSlot,
    SlowStatement,
)

log = logging.getLogger(__name__)

BATCH_ROWS = 1000
"""Rows of one transaction: no lock is held for long, and no undo log grows large."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Which rows of a table may go.

    Attributes:
        key: The primary key, by which they are deleted.
        at: The time that decides.
        also: Further conditions.
    """

    key: InstrumentedAttribute[Any]
    at: InstrumentedAttribute[Any]
    also: tuple[ColumnElement[bool], ...] = ()

    @property
    def table(self) -> str:
        return str(self.key.class_.__tablename__)


_RULES = (
    _Rule(MetricSample.id, MetricSample.taken_at),
    _Rule(MetricBatch.id, MetricBatch.taken_at),
    _Rule(SlowStatement.fingerprint, SlowStatement.last_seen),
    _Rule(CacheCleanupRun.id, CacheCleanupRun.started_at),
    _Rule(OptimizerRun.id, OptimizerRun.started_at),
    _Rule(FindingRow.id, FindingRow.last_seen, (FindingRow.state == "gone",)),
    # Its next attempt is never later than its end by more than minutes, and it has an index.
    _Rule(Effect.id, Effect.next_attempt_at, (Effect.state == "done",)),
    _Rule(Interaction.id, Interaction.handled_at),
    _Rule(
        ScheduleSlot.id,
        ScheduleSlot.created_at,
        (ScheduleSlot.state.in_(("done", "failed", "missed")),),
    ),
)


def prune(
    database: Database,
    days: int,
    *,
    batch_rows: int = BATCH_ROWS,
    budget_seconds: float = 120.0,
) -> dict[str, int]:
    """Delete the rows that are older than `days`.

    Only what is finished goes: a pending or dead effect, an open finding and a slot that never
    ended stay, and so does the newest slot of each job, from which beat knows when it last ran.

    Args:
        database: Where to delete.
        days: Age in days.
        batch_rows: Most rows of one transaction.
        budget_seconds: After this no further batch is begun; the next run goes on.

    Returns:
        Table -> rows deleted.

    Raises:
        TransientError: The database is away; batches before that are deleted.
    """
    before = datetime.now(UTC) - timedelta(days=days)
    deadline = monotonic() + budget_seconds
    deleted = {}
    for rule in _RULES:
        deleted[rule.table] = sum(_batches(database, rule, before, batch_rows, deadline))
    log.info(
        "Old rows deleted: %d.",
        sum(deleted.values()),
        extra={"action": "retention.pruned", "deleted": deleted},
    )
    return deleted


def _batches(
    database: Database, rule: _Rule, before: datetime, rows: int, deadline: float
) -> Iterator[int]:
    """Delete batch by batch; yields the rows of each."""
    which = [rule.at < before, *rule.also, *_kept(database, rule)]
    while monotonic() < deadline:
        count = database.transact(lambda session: _delete_batch(session, rule, which, rows))
        yield count
        if count < rows:
            return


def _kept(database: Database, rule: _Rule) -> list[ColumnElement[bool]]:
    if rule.key.class_ is not ScheduleSlot:
        return []
    with database.read() as session:
        newest = select(func.max(ScheduleSlot.id)).group_by(ScheduleSlot.job)
        return [ScheduleSlot.id.not_in(session.scalars(newest).all())]


def _delete_batch(
    session: Session, rule: _Rule, which: list[ColumnElement[bool]], rows: int
) -> int:
    # Keys are read first: MySQL cannot limit a DELETE by a subquery of the same table. The order
    # is that of the time's index, so that the last look does not go through the whole table.
    oldest = select(rule.key).where(*which).order_by(rule.at).limit(rows)
    keys = session.scalars(oldest).all()
    if keys:
        session.execute(delete(rule.key.class_).where(rule.key.in_(keys)))
    return len(keys)
