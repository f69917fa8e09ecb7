"""Placing and grading bets."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from celery import shared_task

from dbsbm.commands import bet, grade, handle
from dbsbm.wire.command import Command
from tasks.base import ScheduledTask, services
from tasks.commands import run_command


@shared_task(name="tasks.bets.place")
def place(command: dict[str, Any]) -> str:
    """Place a bet and promise its slip."""
    return run_command(command, _place)


def _place(command: Command, trace_id: str) -> str:
    return handle.run(
        services().database,
        command,
        trace_id,
        lambda session, guild, member: bet.place(session, guild, member, command, trace_id),
    )


@shared_task(name="tasks.bets.grade", base=ScheduledTask)
def grade_due() -> dict[str, int]:
    """Settle the bets whose games are over."""
    return asdict(grade.grade_due(services().database))
