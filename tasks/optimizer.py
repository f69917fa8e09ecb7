"""Analysing what was measured, and acting on it where that is wanted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task

from dbsbm.optimizer.analyse import analyse as run_analysis
from dbsbm.optimizer.applying.target import LeaseTakenError
from dbsbm.optimizer.unattended.auto import work
from tasks.base import ScheduledTask, services, trace

WINDOW = timedelta(hours=24)


@shared_task(name="tasks.optimizer.analyse", base=ScheduledTask)
def analyse() -> dict[str, Any]:
    """Look for what could be better, and record the findings."""
    report = run_analysis(
        services().database, services().cache_client, window=WINDOW, trace_id=trace()
    )
    return {"findings": len(report["findings"]), "not_enabled": len(report["not_enabled"])}


@shared_task(name="tasks.optimizer.auto", base=ScheduledTask)
def auto() -> dict[str, Any]:
    """Do what OPTIMIZER_AUTO allows about findings of our own database."""
    settings = services().settings
    if settings.optimizer_auto == "off" or services().database.dialect == "sqlite":
        return {"mode": "off"}
    try:
        done = work(services().database, settings.database, dry=settings.optimizer_auto == "advise")
    except LeaseTakenError as reason:
        return {"mode": settings.optimizer_auto, "skipped": str(reason)}
    return {
        "mode": settings.optimizer_auto,
        "done": [f"{each.finding} {each.state}" for each in done.done],
        "left": len(done.left),
        "would": len(done.would),
    }
