"""Sending again what a crash left behind."""

from __future__ import annotations

from celery import shared_task

from dbsbm.maintenance import relay as relaying
from tasks.base import ScheduledTask, services


@shared_task(name="tasks.outbox.relay", base=ScheduledTask)
def relay() -> dict[str, int]:
    """Push overdue commands and effects again."""
    return relaying.run(services())
