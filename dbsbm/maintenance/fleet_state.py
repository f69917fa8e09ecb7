"""Reads what `/status` shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.commands.status import FleetState
from dbsbm.db.models import DeadLetter, Effect, ScheduleSlot
from dbsbm.health import worker_pulses
from dbsbm.monitor.hit_rates import hit_rates
from dbsbm.monitor.queues import queue_lengths


def read(services: Services) -> FleetState:
    """The fleet's state at this moment."""
    with services.database.read() as session:
        effects, dead, last_slot = _counts(session)
        rates = hit_rates(session)
    return FleetState(
        pulses=worker_pulses(services.broker),
        queues=queue_lengths(services.broker),
        inbox=services.inbox.size(),
        effects=effects,
        dead=dead,
        last_slot=last_slot,
        hit_rates=rates,
        now=datetime.now(UTC),
    )


def _counts(session: Session) -> tuple[int, int, datetime | None]:
    effects = session.scalar(_count(Effect).where(Effect.state == "pending")) or 0
    dead = session.scalar(_count(DeadLetter).where(DeadLetter.replayed_at.is_(None))) or 0
    return effects, dead, session.scalar(select(func.max(ScheduleSlot.slot)))


def _count(table: type[Any]) -> Any:
    return select(func.count()).select_from(table)
