"""The slot ledger: one row for each moment a job was due, unique by (job, slot).

Any number of beats insert; the unique key lets one win. What was inserted and not sent, sent and
not run, or run by a process that died, is found and sent again. A task runs a slot only after it
claimed it, so a slot sent twice runs once.

States: due -> sent -> running -> done | failed, or missed where an outage passed over it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dbsbm.db.models import ScheduleSlot

# A beat sends in the same second as it inserts; what is older was left behind.
SEND_GRACE = timedelta(seconds=2)
# Longer than a short queue takes. A slot sent twice is harmless, it is claimed once.
START_GRACE = timedelta(seconds=15)
MAX_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that has to be sent."""

    id: int
    job: str
    slot: datetime


def latest(session: Session) -> dict[str, datetime]:
    """The newest slot of each job in the ledger."""
    rows = session.execute(
        select(ScheduleSlot.job, func.max(ScheduleSlot.slot)).group_by(ScheduleSlot.job)
    )
    return {job: slot for job, slot in rows}  # noqa: C416 - rows are not pairs to the type checker


def announce(
    session: Session, job: str, slot: datetime, *, beat: str, missed: bool = False
) -> Slot | None:
    """Write a slot down.

    Args:
        session: Runs the insert in a savepoint, because another beat may be first.
        job: The job's name.
        slot: The moment it was due.
        beat: Who writes.
        missed: True to record a slot that an outage passed over and nobody will run.

    Returns:
        The slot, or None where another beat was first.
    """
    now = datetime.now(UTC)
    row = ScheduleSlot(
        job=job,
        slot=slot,
        state="missed" if missed else "due",
        beat=beat,
        created_at=now,
        finished_at=now if missed else None,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return Slot(row.id, job, slot)


def forget_missed(session: Session, job: str, *, since: datetime) -> None:
    """Delete the job's missed slots from a moment on, so that they can be announced when they come.

    A clock that was ahead passed over them; a slot that did run then stays, and is not run again.
    """
    session.execute(
        delete(ScheduleSlot).where(
            ScheduleSlot.job == job, ScheduleSlot.slot >= since, ScheduleSlot.state == "missed"
        )
    )


def mark_sent(session: Session, ids: Sequence[int]) -> None:
    """Record that slots were handed to the broker. A slot that already runs stays as it is."""
    now = datetime.now(UTC)
    session.execute(
        update(ScheduleSlot)
        .where(ScheduleSlot.id.in_(ids), ScheduleSlot.state.in_(("due", "sent")))
        .values(state="sent", sent_at=now, attempts=ScheduleSlot.attempts + 1)
    )


def left_behind(
    session: Session, *, jobs: Collection[str] | None = None, limit: int = 50
) -> list[Slot]:
    """Slots to send again: never sent, sent and never started, or started by a process that died.

    A slot that used up its attempts is recorded as failed, unless it is its job's newest and never
    started: then its worker has been away for long, and nothing else would make it up.

    Args:
        session: Runs the transaction.
        jobs: The only jobs to look for, None for all. A beat must not take what it cannot send.
        limit: Slots at most.
    """
    now = datetime.now(UTC)
    rows = session.scalars(
        select(ScheduleSlot)
        .where(
            *([] if jobs is None else [ScheduleSlot.job.in_(jobs)]),
            or_(
                and_(ScheduleSlot.state == "due", ScheduleSlot.created_at < now - SEND_GRACE),
                and_(ScheduleSlot.state == "sent", ScheduleSlot.sent_at < now - START_GRACE),
                and_(ScheduleSlot.state == "running", ScheduleSlot.lease_until < now),
            ),
        )
        .order_by(ScheduleSlot.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    worn_out = any(row.attempts >= MAX_ATTEMPTS for row in rows)
    newest = latest(session) if worn_out else {}
    again = []
    for row in rows:
        if row.attempts >= MAX_ATTEMPTS and (row.state == "running" or row.slot < newest[row.job]):
            row.state, row.finished_at = "failed", now
            row.detail = f"Gave up: sent {row.attempts} times and never finished."
            continue
        row.state = "due"
        # Counts as freshly announced, so that other beats leave it to this one for a moment.
        row.created_at = now
        again.append(Slot(row.id, row.job, row.slot))
    return again


def claim(session: Session, slot_id: int, *, owner: str, lease: timedelta) -> bool:
    """Take a slot for running it. False where it is done, failed, or held by a living owner."""
    now = datetime.now(UTC)
    result = session.execute(
        update(ScheduleSlot)
        .where(
            ScheduleSlot.id == slot_id,
            or_(
                ScheduleSlot.state.in_(("due", "sent")),
                and_(ScheduleSlot.state == "running", ScheduleSlot.lease_until < now),
            ),
        )
        .values(state="running", owner=owner, lease_until=now + lease)
    )
    return cast(CursorResult[Any], result).rowcount == 1


def finish(
    session: Session, slot_id: int, *, owner: str, state: str, detail: dict[str, Any] | str
) -> None:
    """Record how a claimed slot ended: `done` or `failed`, with what it did."""
    text = detail if isinstance(detail, str) else json.dumps(detail, default=str)
    session.execute(
        update(ScheduleSlot)
        .where(ScheduleSlot.id == slot_id, ScheduleSlot.owner == owner)
        .values(state=state, finished_at=datetime.now(UTC), lease_until=None, detail=text[:500])
    )
