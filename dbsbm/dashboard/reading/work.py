"""What beat sent, what members asked for, and what was given up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from dbsbm.dashboard.reading.tables import Query, Sources, TableRow
from dbsbm.dashboard.reading.tops import ROWS, href
from dbsbm.db.models import CacheCleanupRun, DeadLetter, Interaction, ScheduleSlot


def jobs(sources: Sources, query: Query) -> Sequence[TableRow]:
    """The newest slot of each job, and what became of those within the range."""
    since = ScheduleSlot.created_at >= query.span.since
    newest = select(func.max(ScheduleSlot.id)).group_by(ScheduleSlot.job)
    with sources.database.read() as session:
        states = session.execute(
            select(ScheduleSlot.job, ScheduleSlot.state, func.count())
            .where(since)
            .group_by(ScheduleSlot.job, ScheduleSlot.state)
        ).all()
        slots = session.scalars(
            select(ScheduleSlot).where(ScheduleSlot.id.in_(newest)).order_by(ScheduleSlot.job)
        ).all()
    counts = {(job, state): number for job, state, number in states}
    return [
        TableRow(
            [
                slot.job,
                slot.slot,
                slot.state,
                *(counts.get((slot.job, state), 0) for state in ("done", "failed", "missed")),
                slot.detail,
            ]
        )
        for slot in slots
    ]


def commands(sources: Sources, query: Query) -> Sequence[TableRow]:
    """The newest commands of members; each leads to its trace."""
    rows = sources.rows(
        select(Interaction)
        .where(Interaction.handled_at >= query.span.since)
        .order_by(Interaction.handled_at.desc())
        .limit(ROWS)
    )
    return [
        TableRow(
            [
                row.handled_at,
                f"/{row.command}",
                row.outcome,
                (row.handled_at - row.created_at).total_seconds(),
                row.trace_id,
            ],
            href("traces", row.trace_id),
        )
        for row in rows
    ]


def dead_letters(sources: Sources, _query: Query) -> Sequence[TableRow]:
    """What was given up and nobody replayed, whenever that was."""
    rows = sources.rows(
        select(DeadLetter)
        .where(DeadLetter.replayed_at.is_(None))
        .order_by(DeadLetter.created_at.desc())
        .limit(ROWS)
    )
    return [
        TableRow(
            [row.created_at, row.id, row.task, row.source, row.reason],
            href("traces", row.trace_id),
        )
        for row in rows
    ]


def cleanups(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Clean-ups of the cache within the range."""
    rows = sources.rows(
        select(CacheCleanupRun)
        .where(CacheCleanupRun.started_at >= query.span.since)
        .order_by(CacheCleanupRun.started_at.desc())
        .limit(ROWS)
    )
    return [
        TableRow(
            [
                row.started_at,
                row.seconds,
                row.scanned,
                sum(row.removed.values()),
                row.freed_bytes,
                row.errors,
            ]
        )
        for row in rows
    ]
