"""Sampling the fleet's metrics."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from dbsbm.maintenance import sampling
from tasks.base import ScheduledTask, services


@shared_task(name="tasks.monitor.sample", base=ScheduledTask)
def sample() -> dict[str, Any]:
    """Take one sample of everything and record it."""
    return sampling.run(services())
