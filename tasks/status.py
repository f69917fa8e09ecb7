"""`/status`."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from celeryconfig import QUEUES
from dbsbm.commands import handle, status
from dbsbm.maintenance import fleet_state
from dbsbm.wire.command import Command
from tasks.base import services
from tasks.commands import run_command


@shared_task(name="tasks.status.show")
def show(command: dict[str, Any]) -> str:
    """Answer with the state of the fleet."""
    return run_command(command, _show)


def _show(command: Command, trace_id: str) -> str:
    reply = status.show(fleet_state.read(services(), QUEUES))
    return handle.answer(services().database, command, trace_id, reply)
