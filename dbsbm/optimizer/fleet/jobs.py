"""How the jobs of the schedule kept their times, from the ledger of slots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db import slots
from dbsbm.db.models import ScheduleSlot
from dbsbm.optimizer.fleet.evidence import JobRuns

NEWEST_SLOTS: Final = 500
"""Of each job: a job of five seconds has 17,280 in a day, and the newest say as much."""


class _Slot(NamedTuple):
    due: datetime
    sent: datetime | None
    ended: datetime | None


def read_jobs(session: Session, since: datetime) -> tuple[JobRuns, ...]:
    """The jobs that ran since then, with at least two slots."""
    found = (_runs(job, _newest(session, job, since)) for job in sorted(slots.latest(session)))
    return tuple(runs for runs in found if runs is not None)


def _newest(session: Session, job: str, since: datetime) -> list[_Slot]:
    """Slots that were run, the oldest first: what an outage passed over says nothing of runs."""
    rows = session.execute(
        select(ScheduleSlot.slot, ScheduleSlot.sent_at, ScheduleSlot.finished_at)
        .where(ScheduleSlot.job == job, ScheduleSlot.slot >= since, ScheduleSlot.state != "missed")
        .order_by(ScheduleSlot.slot.desc())
        .limit(NEWEST_SLOTS)
    )
    return [_Slot(*row) for row in rows][::-1]


def _runs(job: str, found: Sequence[_Slot]) -> JobRuns | None:
    ended = [
        (slot, follower)
        for slot, follower in pairwise(found)
        if slot.sent is not None and slot.ended is not None
    ]
    if not ended:
        return None
    took = sorted((slot.ended - slot.sent).total_seconds() for slot, _ in ended)  # type: ignore[operator]  # chosen so
    return JobRuns(
        job=job,
        runs=len(ended),
        interval_seconds=median((b.due - a.due).total_seconds() for a, b in pairwise(found)),
        overlapped=sum(slot.ended > follower.due for slot, follower in ended),  # type: ignore[operator]  # chosen so
        p95_seconds=took[int(0.95 * (len(took) - 1))],
        longest_seconds=took[-1],
    )
