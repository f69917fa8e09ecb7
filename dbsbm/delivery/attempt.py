"""One attempt to carry out an effect, and what becomes of the effect where it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal, TypeVar

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import Effect
from dbsbm.errors import PermanentError, TransientError

log = logging.getLogger(__name__)
T = TypeVar("T")


def carry_out(
    database: Database,
    effect_id: int,
    attempt: Callable[[], T],
    *,
    lost: str,
    action: str,
    where: str = "",
) -> T | Literal["dead"]:
    """Make an attempt; an effect for which there is no hope becomes a dead letter.

    Args:
        database: Where the effect is promised.
        effect_id: The effect.
        attempt: Carries it out and writes that down; what it returns is returned.
        lost: What the log says of a dead letter, before the reason.
        action: The log's name for that.
        where: Stands before the reason in the dead letter itself.

    Raises:
        TransientError: Not now; the effect stays in the outbox.
    """
    try:
        return attempt()
    except TransientError as error:
        _postpone(database, effect_id, error)
        raise
    except PermanentError as error:
        reason = f"{where}{error}"
        _bury(database, effect_id, reason)
    log.error("%s: %s", lost, reason, extra={"action": action, "effect_id": effect_id})
    return "dead"


def _postpone(database: Database, effect_id: int, error: TransientError) -> None:
    database.transact(
        lambda session: outbox.postpone(session, effect_id, str(error), error.retry_after)
    )


def _bury(database: Database, effect_id: int, reason: str) -> None:
    database.transact(
        lambda session: outbox.bury(session, session.get_one(Effect, effect_id), reason)
    )
