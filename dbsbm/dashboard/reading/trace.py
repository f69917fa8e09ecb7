"""What happened to one command, from the interaction to the last effect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.dashboard.reading.tables import Query, Sources, TableRow
from dbsbm.db.models import Bet, CacheCleanupRun, DeadLetter, Effect, Interaction, OptimizerRun

Event = tuple[datetime, str, str, str | None, str | None]


def trace(sources: Sources, query: Query) -> list[TableRow]:
    """Everything that carries a trace's id, in the order in which it happened.

    Payloads are left out: they hold sealed tokens and what members wrote.
    """
    trace_id = query.label("trace")
    with sources.database.read() as session:
        events = [event for read in _READERS for event in read(session, trace_id)]
    return [TableRow(list(event)) for event in sorted(events, key=lambda event: event[0])]


def _interactions(session: Session, trace_id: str) -> Iterator[Event]:
    for row in _rows(session, Interaction, trace_id):
        yield row.created_at, "command", f"/{row.command}", "received", None
        yield row.handled_at, "command", f"/{row.command}", row.outcome, None


def _bets(session: Session, trace_id: str) -> Iterator[Event]:
    for row in _rows(session, Bet, trace_id):
        yield row.placed_at, "bet", f"bet {row.id}", "placed", None
        if row.settled_at is not None:
            yield row.settled_at, "bet", f"bet {row.id}", row.state, None


def _effects(session: Session, trace_id: str) -> Iterator[Event]:
    for row in _rows(session, Effect, trace_id):
        yield row.created_at, "effect", row.task, "promised", row.dedupe_key
        tries = f"{row.attempts} attempts" if row.attempts != 1 else "1 attempt"
        if row.done_at is not None:
            yield row.done_at, "effect", row.task, row.state, tries
        elif row.last_error or row.attempts:
            said = f"{tries}: {row.last_error or 'no answer yet'}"
            yield row.next_attempt_at, "effect", row.task, row.state, said


def _dead_letters(session: Session, trace_id: str) -> Iterator[Event]:
    for row in _rows(session, DeadLetter, trace_id):
        yield row.created_at, "dead letter", row.task, "given up", row.reason
        if row.replayed_at is not None:
            yield row.replayed_at, "dead letter", row.task, "replayed", None


def _upkeep(session: Session, trace_id: str) -> Iterator[Event]:
    for run in _rows(session, CacheCleanupRun, trace_id):
        freed = f"{run.freed_bytes:,} bytes freed"
        yield run.started_at, "upkeep", "cache clean-up", f"{run.seconds:.1f} s", freed
    for run in _rows(session, OptimizerRun, trace_id):
        found = f"{run.findings} findings"
        yield run.started_at, "upkeep", "optimizer", f"{run.seconds:.1f} s", found


_READERS = (_interactions, _bets, _effects, _dead_letters, _upkeep)


def _rows(session: Session, table: Any, trace_id: str) -> list[Any]:
    return list(session.scalars(select(table).where(table.trace_id == trace_id).limit(100)))
