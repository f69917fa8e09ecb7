"""Records and leaderboards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery import shared_task

from dbsbm.commands import handle, leaderboard, record
from dbsbm.commands.period import Period
from dbsbm.wire.command import Command
from tasks.base import services
from tasks.commands import run_command


@shared_task(name="tasks.standings.record")
def show_record(command: dict[str, Any]) -> str:
    """Answer with a member's record."""
    return run_command(command, _record)


@shared_task(name="tasks.standings.leaderboard")
def show_leaderboard(command: dict[str, Any]) -> str:
    """Answer with a guild's leaderboard."""
    return run_command(command, _leaderboard)


def _record(command: Command, trace_id: str) -> str:
    period = Period.named(command.options.get("period"))
    whose = int(command.options.get("user", command.user_id))
    standings = services().standings
    reply = record.show(
        str(command.options.get("user_name", command.user_name)),
        period,
        standings.record(command.guild_id, whose, period),
        standings.at_stake(command.guild_id, whose),
    )
    return handle.answer(services().database, command, trace_id, reply)


def _leaderboard(command: Command, trace_id: str) -> str:
    period = Period.named(command.options.get("period"))
    ranking = services().standings.ranking(command.guild_id, period.since(datetime.now(UTC)))
    reply = leaderboard.show(command.guild_name, period, ranking, command.user_id)
    return handle.answer(services().database, command, trace_id, reply)
