"""Reads what `/status` shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.commands.status import FleetState
from dbsbm.db.models import DeadLetter, Effect, ScheduleSlot
from dbsbm.health import worker_pulses
from dbsbm.monitor.readings.queues import read_queues
from dbsbm.monitor.store.history import History


def read(services: Services, queues: Sequence[str]) -> FleetState:
    """The fleet's state at this moment, with the lengths of the named queues."""
    with services.database.read() as session:
        effects, dead, last_slot = _counts(session)
    return FleetState(
        pulses=worker_pulses(services.broker),
        queues={name: queue.length for name, queue in read_queues(services.broker, queues).items()},
        # The command that asks is in the inbox itself until it is answered.
        inbox=max(0, services.inbox.size() - 1),
        effects=effects,
        dead=dead,
        last_slot=last_slot,
        hit_rates=_hit_rates(History(services.database)),
        now=datetime.now(UTC),
    )


def _counts(session: Session) -> tuple[int, int, datetime | None]:
    effects = session.scalar(_count(Effect).where(Effect.state == "pending")) or 0
    dead = session.scalar(_count(DeadLetter).where(DeadLetter.replayed_at.is_(None))) or 0
    return effects, dead, session.scalar(select(func.max(ScheduleSlot.slot)))


def _hit_rates(history: History) -> dict[str, tuple[float, int]]:
    """Share of hits in the last hour and the number of reads, by category that was read."""
    hits, misses = (_last_hour(history, name) for name in ("cache.hits", "cache.misses"))
    reads = {
        category: int(hits.get(category, 0) + misses.get(category, 0))
        for category in sorted(hits.keys() | misses.keys())
    }
    return {
        category: (hits.get(category, 0) / number, number)
        for category, number in reads.items()
        if number
    }


def _last_hour(history: History, name: str) -> dict[str, float]:
    now = datetime.now(UTC)
    found = history.summary(name, now - timedelta(hours=1), now, by=["category"])
    return {each.labels["category"]: each.total for each in found}


def _count(table: type[Any]) -> Any:
    return select(func.count()).select_from(table)
