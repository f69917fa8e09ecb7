"""Deleting what is old enough."""

from __future__ import annotations

from celery import shared_task

from dbsbm.monitor.store.retention import prune as prune_tables
from tasks.base import ScheduledTask, services


@shared_task(name="tasks.retention.prune", base=ScheduledTask)
def prune() -> dict[str, int]:
    """Delete rows older than RETENTION_DAYS; returns rows by table."""
    return prune_tables(
        services().database, services().settings.retention_days, budget_seconds=60.0
    )
