"""What an operator can do about a table that grows: it depends on what deletes its rows."""

from __future__ import annotations

from dbsbm.monitor.store.retention import BY_DAYS, BY_OWN_AGE

UNDO = "Set RETENTION_DAYS back; what was deleted does not return."


def keep_less(table: str | None) -> tuple[str, ...]:
    """What makes a table grow less, or the whole database where none is named."""
    if table is None:
        return (
            (
                "Lower RETENTION_DAYS: sent effects, answered interactions, finished slots and runs go "
                "sooner. Measurements and incidents have ages of their own, and bets are kept for "
                "ever."
            ),
        )
    if table in BY_DAYS:
        return (
            (
                f"Lower RETENTION_DAYS: finished rows of {table} go sooner, and new ones take their "
                "room."
            ),
            f"To give that room back to the disk, run OPTIMIZE TABLE {table} in a quiet hour.",
        )
    if table in BY_OWN_AGE:
        return (
            (
                f"Plan for the space: rows of {table} are deleted at an age of their own, up to 400 "
                "days, which RETENTION_DAYS does not change."
            ),
        )
    return (f"Plan for the space: nothing deletes rows of {table}.",)


def undo_keeping_less(table: str | None) -> tuple[str, ...]:
    """How to take back what `keep_less` advises."""
    return (UNDO,) if table is None or table in BY_DAYS else ()
