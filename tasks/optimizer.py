"""Analysing what was measured."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task

from dbsbm.optimizer.analyse import analyse as run_analysis
from tasks.base import ScheduledTask, services, trace

WINDOW = timedelta(hours=24)


@shared_task(name="tasks.optimizer.analyse", base=ScheduledTask)
def analyse() -> dict[str, Any]:
    """Look for what could be better, and record the findings."""
    report = run_analysis(
        services().database, services().cache_client, window=WINDOW, trace_id=trace()
    )
    return {"findings": len(report["findings"]), "not_enabled": len(report["not_enabled"])}
