"""Drawing slips."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from dbsbm.commands import handle, slip
from dbsbm.db.models import Effect
from dbsbm.errors import TransientError
from dbsbm.wire.command import Command
from tasks.base import services, trace
from tasks.commands import run_command

log = logging.getLogger(__name__)


@shared_task(name="tasks.slips.show")
def show(command: dict[str, Any]) -> str:
    """Answer with the slip of a bet."""
    return run_command(command, _show)


def _show(command: Command, trace_id: str) -> str:
    return handle.run(
        services().database,
        command,
        trace_id,
        lambda session, _guild, _member: slip.show(session, command),
    )


@shared_task(name="tasks.slips.render")
def render(effect_id: int) -> str:
    """Draw the slip of an effect into the image cache, and have it delivered."""
    with services().database.read() as session:
        effect = session.get(Effect, effect_id)
    if effect is None or effect.state != "pending":
        return "done already"
    try:
        outcome = f"{len(services().gallery.image(effect.payload['bet_id']))} bytes"
    except TransientError:
        raise
    except Exception:
        # The delivery tries once more, and answers without a slip rather than not at all.
        log.exception("A slip could not be drawn.", extra={"action": "slips.failed"})
        outcome = "not drawn"
    services().send(handle.DELIVER_TASK, {"effect_id": effect_id}, trace())
    return outcome
