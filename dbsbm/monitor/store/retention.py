"""Deleting what is old enough, a bounded batch at a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dbsbm.db.engine import Database
from dbsbm.db.models import (
    AlertSilence,
    CacheCleanupRun,
    Change,
    DeadLetter,
    Effect,
    FindingRow,
    FindingStep,
    Incident,
    Interaction,
    MetricBatch,
    MetricPoint,
    MetricSeries,
    OptimizerRun,
    RollupDue,
    ScheduleSlot,
    SchemaChange,
    SlowStatement,
    Statement,
)
from dbsbm.monitor.store.resolutions import COARSER, RETENTION

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


# What was done to a table for a finding, and can still be undone by it.
_IN_FORCE = select(SchemaChange.finding_id).where(
    or_(
        SchemaChange.state == "intended",
        (SchemaChange.state == "done") & (SchemaChange.kind != "revert"),
    )
)
# Findings that may still be acted on; what became of the others, or of none, is only history.
_STANDING = select(FindingRow.id).where(FindingRow.state.not_in(("gone", "dismissed", "reverted")))
_RULES = (
    _Rule(MetricBatch.id, MetricBatch.taken_at),
    _Rule(SlowStatement.fingerprint, SlowStatement.last_seen),
    _Rule(CacheCleanupRun.id, CacheCleanupRun.started_at),
    _Rule(OptimizerRun.id, OptimizerRun.started_at),
    _Rule(
        FindingRow.id,
        FindingRow.last_seen,
        (FindingRow.state == "gone", FindingRow.id.not_in(_IN_FORCE)),
    ),
    _Rule(
        FindingStep.id,
        FindingStep.taken_at,
        (FindingStep.finding_id.not_in(_STANDING), FindingStep.finding_id.not_in(_IN_FORCE)),
    ),
    # What a command from the inbox asked for has no answer any more; all else can be done again.
    _Rule(
        DeadLetter.id,
        DeadLetter.created_at,
        (or_(DeadLetter.replayed_at.is_not(None), DeadLetter.source == "inbox"),),
    ),
    # Its next attempt is never later than its end by more than minutes, and it has an index.
    _Rule(Effect.id, Effect.next_attempt_at, (Effect.state == "done",)),
    _Rule(Interaction.id, Interaction.handled_at),
    _Rule(
        ScheduleSlot.id,
        ScheduleSlot.created_at,
        (ScheduleSlot.state.in_(("done", "failed", "missed")),),
    ),
)


# A series, a text and an incident are kept as long as a chart can show them.
_LASTING = (
    _Rule(Incident.id, Incident.resolved_at),  # NULL while it is on: never old enough
    _Rule(Change.id, Change.at),
    _Rule(AlertSilence.id, AlertSilence.until),
    _Rule(MetricSeries.id, MetricSeries.last_seen),
    _Rule(Statement.fingerprint, Statement.last_seen),
)
BY_DAYS = frozenset(rule.table for rule in _RULES)
"""Tables whose finished rows are deleted after RETENTION_DAYS."""
BY_OWN_AGE = frozenset((*(rule.table for rule in _LASTING), MetricPoint.__tablename__))
"""Tables whose rows are deleted at an age that no setting changes."""

# Minutes of points that one transaction deletes: a few thousand rows of a busy fleet.
_STARTS = 8


def prune(
    database: Database,
    days: int,
    *,
    batch_rows: int = BATCH_ROWS,
    budget_seconds: float = 120.0,
) -> dict[str, int]:
    """Delete the rows that are older than `days`, and points as old as their resolution keeps them.

    Only what is finished goes: a pending or dead effect, a dead letter that can be done again, an
    open finding, one of which something is in force, and a slot that never ended stay, and so does
    the newest slot of each job, from which beat knows when it last ran.

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
    now = datetime.now(UTC)
    deadline = monotonic() + budget_seconds
    deleted = {}
    for rules, age in ((_RULES, timedelta(days=days)), (_LASTING, max(RETENTION.values()))):
        for rule in rules:
            deleted[rule.table] = sum(_batches(database, rule, now - age, batch_rows, deadline))
    deleted[MetricPoint.__tablename__] = sum(_prune_points(database, now, deadline))
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


def _prune_points(database: Database, now: datetime, deadline: float) -> Iterator[int]:
    """Delete points that are older than their resolution is kept; yields the rows of each batch."""
    for resolution, age in RETENTION.items():
        while monotonic() < deadline:
            count = database.transact(
                lambda session: _delete_points(session, resolution, now - age)  # noqa: B023 - run at once
            )
            yield count
            if not count:
                break


def _delete_points(session: Session, resolution: int, before: datetime) -> int:
    """Delete the oldest points, but none of which coarser ones are still to be made."""
    old = [MetricPoint.resolution == resolution, MetricPoint.start < before]
    if resolution in COARSER:
        due = select(func.min(RollupDue.start)).where(RollupDue.resolution == COARSER[resolution])
        unmade = session.scalar(due)
        if unmade is not None:
            old.append(MetricPoint.start < unmade)
    oldest = select(MetricPoint.start).where(*old).distinct().order_by(MetricPoint.start)
    starts = session.scalars(oldest.limit(_STARTS)).all()
    if not starts:
        return 0
    gone = delete(MetricPoint).where(
        MetricPoint.resolution == resolution, MetricPoint.start.in_(starts)
    )
    return cast(CursorResult[Any], session.execute(gone)).rowcount
