"""Analysing what was measured, and acting on it where that is wanted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task

from dbsbm.commands import handle, optimizer
from dbsbm.errors import UserError
from dbsbm.maintenance.lifetimes import work as set_lifetimes
from dbsbm.optimizer.analyse import analyse as run_analysis
from dbsbm.optimizer.applying.target import LeaseTakenError
from dbsbm.optimizer.unattended.auto import work
from dbsbm.wire.command import Command
from tasks.base import ScheduledTask, services, trace
from tasks.commands import run_command

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
    if settings.optimizer_auto == "off":
        return {"mode": "off"}
    dry = settings.optimizer_auto == "advise"
    lifetimes = set_lifetimes(services().database, services().cache_client, dry=dry)
    if services().database.dialect == "sqlite":
        return {"mode": settings.optimizer_auto, "lifetimes": lifetimes}
    try:
        done = work(services().database, settings.database, dry=dry, hurried=True)
    except LeaseTakenError as reason:
        return {
            "mode": settings.optimizer_auto,
            "lifetimes": lifetimes,
            "skipped": str(reason),
        }
    return {
        "mode": settings.optimizer_auto,
        "lifetimes": lifetimes,
        "done": [f"{each.finding} {each.state}" for each in done.done],
        "left": len(done.left),
        "would": len(done.would),
    }


@shared_task(name="tasks.optimizer.show")
def show(command: dict[str, Any]) -> str:
    """Answer with the gravest findings."""
    return run_command(command, _show)


def _show(command: Command, trace_id: str) -> str:
    reply = optimizer.show(services().database, may_decide=_may_decide(command))
    return handle.answer(services().database, command, trace_id, reply)


@shared_task(name="tasks.optimizer.decide")
def decide(command: dict[str, Any]) -> str:
    """Do what a button below a finding asks for, and tell who asked."""
    return run_command(command, _decide)


def _decide(command: Command, trace_id: str) -> str:
    if handle.is_handled(services().database, command):
        return "duplicate"
    if not _may_decide(command):
        raise UserError(optimizer.ELSEWHERE)
    reply = optimizer.decide(services().database, services().settings.database, command)
    return handle.answer(services().database, command, trace_id, reply)


def _may_decide(command: Command) -> bool:
    """Whoever runs another server that the bot is in may not change the fleet's tables."""
    return command.channel_id == services().settings.alert_channel_id
