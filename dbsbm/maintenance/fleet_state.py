"""Reads what `/status` shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.commands.status import FleetState
from dbsbm.db.models import DeadLetter, Effect, MetricSample, ScheduleSlot
from dbsbm.health import worker_pulses
from dbsbm.monitor.counting.series import parse_labels
from dbsbm.monitor.readings.queues import read_queues


def read(services: Services, queues: Sequence[str]) -> FleetState:
    """The fleet's state at this moment, with the lengths of the named queues."""
    with services.database.read() as session:
        effects, dead, last_slot = _counts(session)
        rates = _hit_rates(session)
    return FleetState(
        pulses=worker_pulses(services.broker),
        queues=_lengths(services, queues),
        # The command that asks is in the inbox itself until it is answered.
        inbox=max(0, services.inbox.size() - 1),
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


def _lengths(services: Services, queues: Sequence[str]) -> dict[str, int]:
    readings = read_queues(services.broker, queues)
    return {
        parse_labels(each.labels)["queue"]: int(each.value)
        for each in readings
        if each.name == "queue.length"
    }


def _hit_rates(session: Session) -> dict[str, tuple[float, int]]:
    """Share of hits in the last hour and the number of reads, by category that was read."""
    sums = session.execute(
        select(MetricSample.name, MetricSample.labels, func.sum(MetricSample.value))
        .where(
            MetricSample.name.in_(("cache.hits", "cache.misses")),
            MetricSample.taken_at > datetime.now(UTC) - timedelta(hours=1),
        )
        .group_by(MetricSample.name, MetricSample.labels)
    )
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"cache.hits": 0, "cache.misses": 0})
    for name, labels, total in sums:
        counts[parse_labels(labels)["category"]][name] += int(total)
    reads = {category: sum(both.values()) for category, both in sorted(counts.items())}
    return {
        category: (counts[category]["cache.hits"] / number, number)
        for category, number in reads.items()
        if number
    }


def _count(table: type[Any]) -> Any:
    return select(func.count()).select_from(table)
