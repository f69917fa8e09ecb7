"""The canary."""

from __future__ import annotations

from celery import shared_task

from dbsbm.health import report_canary
from tasks.base import services


@shared_task(name="tasks.health.canary", ignore_result=True)
def canary(nonce: str) -> None:
    """Say from inside a worker's pool that it works."""
    report_canary(services().broker, nonce)
