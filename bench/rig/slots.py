"""The schedule under two beats while the leader dies and the broker restarts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.harness import progress
from bench.rig.fleet import FleetUnderTest, fleet
from bench.rig.plan import Plan
from dbsbm.db.models import CacheCleanupRun, ScheduleSlot
from tests.servers import wait_until

JOB = "cache-cleanup"
"""Leaves one row for each time that it really ran, whatever the ledger says."""
EVERY = 2.0
KILL_EVERY = 20.0
DRAIN = 120.0

PLAN = Plan(
    schedule={
        JOB: EVERY,
        "games-refresh": 0,
        "cache-warm": 0,
        "grading": 0,
        "optimizer-analysis": 0,
    },
    processes=("broker", "cache", "migrate", "back", "beat"),
    beats=2,
)


@dataclass(frozen=True, slots=True)
class Slots:
    """How the slots of a span came out.

    Attributes:
        due: How many there were, by the clock.
        states: What the ledger says of them, and how many it does not have: `unaccounted`.
        extra_runs: How often the job ran beyond once for each slot that is done.
        kills: How often a leading beat was killed.
    """

    due: int
    states: Counter[str]
    extra_runs: int
    kills: int

    @property
    def not_run(self) -> int:
        """Slots that no task ran."""
        return self.due - self.states["done"]


def measure(seconds: float) -> Slots:
    """Run two beats for so long, disturb them, let everything settle, and count."""
    with fleet(PLAN) as running:
        began = _soon()
        ended = began + timedelta(seconds=seconds)
        kills = _disturb(running, seconds)
        # The slot at the very end belongs to the span.
        _sleep_until(ended + timedelta(seconds=EVERY / 2))
        wait_until(lambda: _is_settled(running, began, ended), DRAIN, "every slot has ended")
        result = _judge(running, began, ended, kills)
        running.keep = bool(result.not_run or result.extra_runs)
        return result


def _soon() -> datetime:
    """A moment between two slots, after the next one."""
    now = datetime.now(UTC).timestamp()
    moment = datetime.fromtimestamp((now // EVERY + 1.5) * EVERY, UTC)
    _sleep_until(moment)
    return moment


def _sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def _disturb(running: FleetUnderTest, seconds: float) -> int:
    """Kill the leader every 20 seconds, and restart the broker at a third and at two thirds."""
    kills = int((seconds - 1) // KILL_EVERY)
    plan: list[tuple[float, Callable[[FleetUnderTest], None]]] = [
        *((KILL_EVERY * (number + 1), _kill_leader) for number in range(kills)),
        *((seconds * part / 3, _restart_broker) for part in (1, 2)),
    ]
    began = time.monotonic()
    for at, disturb in sorted(plan, key=lambda each: each[0]):
        time.sleep(max(0.0, began + at - time.monotonic()))
        disturb(running)
    return kills


def _kill_leader(running: FleetUnderTest) -> None:
    """The leader is who wrote the newest slot down: another beat may lead a moment later."""
    with running.database.read() as session:
        newest = session.scalars(select(ScheduleSlot.beat).order_by(ScheduleSlot.id.desc()))
        pid = int(str(newest.first()).rpartition(":")[2])
    names = {each.pid: name for name, each in running.processes().items()}
    if pid in names:
        progress(f"killing {names[pid]}, which leads")
        running.kill(names[pid])


def _restart_broker(running: FleetUnderTest) -> None:
    progress("restarting the broker")
    running.terminate("broker")


def _is_settled(running: FleetUnderTest, began: datetime, ended: datetime) -> bool:
    with running.database.read() as session:
        states = Counter(slot.state for slot in _slots(session, began, ended).values())
    return not states.keys() & {"due", "sent", "running"}


def _judge(running: FleetUnderTest, began: datetime, ended: datetime, kills: int) -> Slots:
    with running.database.read() as session:
        ledger = _slots(session, began, ended)
        # Of the whole ledger: a run that belongs to no slot could be of any time.
        owners = set(session.scalars(select(ScheduleSlot.owner).where(ScheduleSlot.job == JOB)))
        runs = Counter(session.scalars(select(CacheCleanupRun.trace_id)))
    due = _due(began, ended)
    states = Counter(ledger[m].state if m in ledger else "unaccounted" for m in due)
    extra = sum(count - (owner in owners) for owner, count in runs.items())
    return Slots(len(due), states, extra, kills)


def _due(began: datetime, ended: datetime) -> list[datetime]:
    first = datetime.fromtimestamp((began.timestamp() // EVERY + 1) * EVERY, UTC)
    count = int((ended - first).total_seconds() // EVERY) + 1
    return [first + timedelta(seconds=EVERY * number) for number in range(count)]


def _slots(session: Session, began: datetime, ended: datetime) -> dict[datetime, ScheduleSlot]:
    rows = session.scalars(
        select(ScheduleSlot).where(
            ScheduleSlot.job == JOB, ScheduleSlot.slot >= began, ScheduleSlot.slot <= ended
        )
    )
    return {row.slot: row for row in rows}
