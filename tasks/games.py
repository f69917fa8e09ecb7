"""Fetching and showing games."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from dbsbm.commands import games, handle
from dbsbm.providers.errors import ProviderError
from dbsbm.providers.leagues import LEAGUES
from dbsbm.wire.command import Command
from tasks.base import ScheduledTask, services
from tasks.commands import run_command

log = logging.getLogger(__name__)


@shared_task(name="tasks.games.show")
def show(command: dict[str, Any]) -> str:
    """Answer with a league's board, fetched afresh where it is old."""
    return run_command(command, _show)


def _show(command: Command, trace_id: str) -> str:
    if handle.is_handled(services().database, command):
        return "duplicate"
    league = str(command.options.get("league", "")).strip().lower()
    stale = None
    try:
        services().refresher.refresh(league, priority="user")
    except ProviderError as error:
        log.warning("/games: %s", error, extra={"action": "games.provider_failed"})
        stale = error.member_sentence
    board = services().board.games(league)
    reply = games.show(LEAGUES[league].name, board, stale=stale)
    return handle.answer(services().database, command, trace_id, reply)


@shared_task(name="tasks.games.refresh", base=ScheduledTask)
def refresh() -> dict[str, int]:
    """Refresh the leagues whose time has come."""
    return services().refresher.refresh_due()
