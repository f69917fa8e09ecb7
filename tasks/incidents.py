"""Telling the webhook of incidents, and what members decide by the buttons below them."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from dbsbm.commands import handle, incidents
from dbsbm.wire.command import Command
from tasks.base import services
from tasks.commands import run_command


@shared_task(name="tasks.incidents.webhook")
def webhook(effect_id: int) -> str:
    """Tell the webhook what the effect holds."""
    return services().webhook.deliver(effect_id)


@shared_task(name="tasks.incidents.decide")
def decide(command: dict[str, Any]) -> str:
    """Acknowledge or silence an incident, and tell who asked."""
    return run_command(command, _decide)


def _decide(command: Command, trace_id: str) -> str:
    return handle.run(
        services().database,
        command,
        trace_id,
        lambda session, _guild, _member: incidents.decide(session, command, trace_id),
    )
