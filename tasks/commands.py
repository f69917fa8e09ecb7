"""What every command task does around its handler."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from dbsbm.commands import handle
from dbsbm.errors import TransientError, UserError
from dbsbm.wire.command import Command
from tasks.base import services, trace

log = logging.getLogger(__name__)


def run_command(data: dict[str, Any], work: Callable[[Command, str], str]) -> str:
    """Handle a command and settle it in the inbox, whatever comes of it.

    An outage leaves it in the inbox, which hands it out again. A fault of ours is answered with an
    apology and logged, because the same command would fail the same way again.

    Returns:
        The outcome, for the log and Flower.
    """
    command = Command.from_json(data)
    try:
        outcome = work(command, trace())
    except (TransientError, SoftTimeLimitExceeded):
        # Too slow is an outage as well: the inbox hands the command out again.
        raise
    except UserError as refusal:
        reply = handle.Reply(str(refusal))
        outcome = handle.answer(services().database, command, trace(), reply, "refused")
    except Exception:
        log.exception("/%s failed.", command.name, extra={"action": "command.failed"})
        handle.apologise(services().database, command, trace())
        outcome = "failed"
    services().inbox.settle(command.interaction_id)
    return outcome
