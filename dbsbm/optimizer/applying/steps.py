"""What a person can do about a finding, by what became of it so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dbsbm.errors import UserError
from dbsbm.optimizer.applying.ddl import read_fix

_CHANGE: Final = {
    "open": ("prove", "apply", "dismiss"),
    "proved": ("apply", "dismiss"),
    "applied": ("keep", "revert"),
    "verified": ("revert",),
}
_ADVICE: Final = {"open": ("dismiss",), "proved": ("dismiss",)}


def is_change(fix: Sequence[str]) -> bool:
    """Whether a fix changes one table, so that it can be tried, applied and undone."""
    try:
        read_fix(fix, "")
    except UserError:
        return False
    return True


def next_steps(state: str, fix: Sequence[str]) -> tuple[str, ...]:
    """The commands of `optimizer` that can follow, the most sensible first."""
    return (_CHANGE if is_change(fix) else _ADVICE).get(state, ())
