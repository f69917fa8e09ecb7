"""Warming and cleaning the cache."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from dbsbm.commands import handle, warm
from dbsbm.maintenance import cleanup, warmers
from dbsbm.wire.command import Command
from tasks.base import ScheduledTask, services, trace
from tasks.commands import run_command


@shared_task(name="tasks.cache.warm", base=ScheduledTask)
def warm_categories(categories: list[str]) -> dict[str, int]:
    """Fill the named categories; returns keys written by category."""
    return warm.warm(categories, warmers.of(services()))


@shared_task(name="tasks.cache.warm_command")
def warm_command(command: dict[str, Any]) -> str:
    """Fill the categories that an administrator named, and tell what was done."""
    return run_command(command, _warm)


def _warm(command: Command, trace_id: str) -> str:
    if handle.is_handled(services().database, command):
        return "duplicate"
    available = warmers.of(services())
    names = warm.chosen(str(command.options.get("categories") or "all"), available)
    reply = warm.report(warm.warm(names, available))
    return handle.answer(services().database, command, trace_id, reply)


@shared_task(name="tasks.cache.cleanup", base=ScheduledTask)
def clean_up() -> dict[str, Any]:
    """Clean the cache and record what that freed."""
    return cleanup.run(services(), trace())
