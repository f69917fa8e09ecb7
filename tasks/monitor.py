"""Sampling the fleet's metrics, and summing up those of the past."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from celeryconfig import QUEUES
from dbsbm.monitor.store.rollup import roll_up as roll_up_points
from dbsbm.monitor.store.sampler import sample as take_sample
from tasks.base import ScheduledTask, services, trace


@shared_task(name="tasks.monitor.sample", base=ScheduledTask)
def sample() -> dict[str, Any]:
    """Take one sample of everything and record it."""
    here = services()
    report = take_sample(
        here.database,
        here.broker,
        here.cache_client,
        here.recorder,
        queues=QUEUES,
    )
    return asdict(report)


@shared_task(name="tasks.monitor.roll_up", base=ScheduledTask)
def roll_up() -> dict[str, Any]:
    """Make the coarser points that are due; what is left is made by the next run."""
    return asdict(roll_up_points(services().database, budget_seconds=20.0))


@shared_task(name="tasks.monitor.alerts", base=ScheduledTask)
def alerts() -> dict[str, Any]:
    """Judge what was measured by the rules, and write incidents down."""
    here = services()
    if not here.settings.enable_performance_monitoring:
        return {}
    return asdict(here.alerts.evaluate(datetime.now(UTC), trace_id=trace()))
