"""What an operator can do about a table that grows: it depends on what deletes its rows."""

from __future__ import annotations

from typing import Final

from dbsbm.monitor.store.retention import BY_DAYS, BY_OWN_AGE

_WHOLE: Final = (
    "Lower RETENTION_DAYS: sent effects, answered interactions, finished slots and runs go sooner. "
    "Measurements and incidents have ages of their own, and bets are kept for ever."
)
_SOONER: Final = (
    "Lower RETENTION_DAYS: finished rows of {} go sooner, and new ones take their room."
)
_SHRINK: Final = "To give that room back to the disk, run OPTIMIZE TABLE {} in a quiet hour."
_OWN_AGE: Final = (
    "Plan for the space: rows of {} are deleted at an age of their own, up to 400 days, which "
    "RETENTION_DAYS does not change."
)
_KEPT: Final = "Plan for the space: nothing deletes rows of {}."
_UNDO: Final = "Set RETENTION_DAYS back; what was deleted does not return."


def keep_less(table: str | None) -> tuple[str, ...]:
    """What makes a table grow less, or the whole database where none is named."""
    if table is None:
        return (_WHOLE,)
    if table in BY_DAYS:
        return (_SOONER.format(table), _SHRINK.format(table))
    return (_OWN_AGE.format(table) if table in BY_OWN_AGE else _KEPT.format(table),)


def undo_keeping_less(table: str | None) -> tuple[str, ...]:
    """How to take back what `keep_less` advises."""
    return (_UNDO,) if table is None or table in BY_DAYS else ()
