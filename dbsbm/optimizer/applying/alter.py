"""Carries out one ALTER TABLE: online, patient with locks for a while, and clear about its end."""

from __future__ import annotations

import logging
import time
from typing import Final

from dbsbm.errors import DbsbmError
from dbsbm.optimizer.applying.target import LOCK_SECONDS, Target
from dbsbm.optimizer.server.connection import QueryError

log = logging.getLogger(__name__)

PAUSES: Final = (2.0, 5.0)
"""Seconds between attempts: a statement that holds the table ends, and those behind us run."""

_NEEDED = 1553
_LOCKED = {1205, 1213, 1969, 3024}
_REASONS = {
    1021: "The server's disk is full.",
    1036: "The table is read-only.",
    1044: "The user may not change this table: grant ALTER and INDEX on it.",
    1061: "An index of this name has just been made by somebody else.",
    1062: "Two rows have the same values, so that the index cannot be unique.",
    1071: "The index would be longer than the server allows.",
    1069: "The table has as many indexes as the server allows.",
    1072: "A column of the index is not there any more.",
    1091: "The index is not there any more.",
    1114: "The server's disk or a table's space is full.",
    1142: "The user may not change this table: grant ALTER and INDEX on it.",
    1146: "The table is not there any more.",
    1227: "The user may not change this table: grant ALTER and INDEX on it.",
    1290: "The server is read-only: give the address of the one that is written to.",
    1317: "Somebody ended the statement.",
    1799: "The table was written so much that the change could not keep up: try a quieter hour.",
    1845: "The server can do this only while nobody writes: plan it for a quiet hour.",
    1846: "The server can do this only while nobody writes: plan it for a quiet hour.",
    3522: "The index stands in for the primary key, and cannot be hidden.",
    4174: "The index stands in for the primary key, and cannot be hidden.",
}


class NotChangedError(DbsbmError):
    """The table is as it was. The text says why."""


class IndexNeededError(NotChangedError):
    """A foreign key needs an index that was to be dropped."""


def run_online(target: Target, statement: str) -> None:
    """Run an ALTER TABLE, again where another session's lock was in the way.

    Raises:
        IndexNeededError: A foreign key needs what is dropped.
        NotChangedError: The server refused it, or the table's lock was never free.
        ServerAwayError: The server went away; the table is the old or the new one.
    """
    for pause in (*PAUSES, None):
        try:
            target.run(statement)
        except QueryError as error:
            if error.code == _NEEDED:
                raise IndexNeededError("A foreign key needs the index.") from None
            if error.code not in _LOCKED:
                raise NotChangedError(_reason(error.code)) from None
            log.info(
                "A table's lock was not free for %d seconds.",
                LOCK_SECONDS,
                extra={"action": "optimizer.lock_wait"},
            )
        else:
            return
        if pause is not None:
            time.sleep(pause)
    raise NotChangedError(
        f"Other sessions held the table each time that its lock was asked for ({len(PAUSES) + 1} "
        f"times {LOCK_SECONDS} seconds): look for a long transaction, and try again."
    )


def _reason(code: int) -> str:
    return _REASONS.get(code, f"The server refused the change (error {code}).")
