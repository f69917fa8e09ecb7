"""Attempts to carry out effects, and what becomes of an effect where one fails."""

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


class Attempts:
    """Makes attempts; an effect for which there is no hope becomes a dead letter."""

    def __init__(self, database: Database, *, lost: str, action: str, where: str = "") -> None:
        """Describe what is attempted.

        Args:
            database: Where the effects are promised.
            lost: What the log says of a dead letter, before the reason.
            action: The log's name for that.
            where: Stands before the reason in the dead letter itself.
        """
        self._database = database
        self._lost = lost
        self._action = action
        self._where = where

    def carry_out(self, effect_id: int, attempt: Callable[[int], T]) -> T | Literal["dead"]:
        """Make one attempt and return what it returns.

        Args:
            effect_id: The effect.
            attempt: Carries it out and writes that down.

        Raises:
            TransientError: Not now; the effect stays in the outbox.
        """
        try:
            return attempt(effect_id)
        except TransientError as error:
            self._postpone(effect_id, error)
            raise
        except PermanentError as error:
            self._bury(effect_id, f"{self._where}{error}")
            return "dead"

    def _postpone(self, effect_id: int, error: TransientError) -> None:
        self._database.transact(
            lambda session: outbox.postpone(session, effect_id, str(error), error.retry_after)
        )

    def _bury(self, effect_id: int, reason: str) -> None:
        self._database.transact(
            lambda session: outbox.bury(session, session.get_one(Effect, effect_id), reason)
        )
        extra = {"action": self._action, "effect_id": effect_id}
        log.error("%s: %s", self._lost, reason, extra=extra)
