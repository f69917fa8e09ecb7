"""What a person can do about a finding, by what became of it so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dbsbm.db.models import FindingRow
from dbsbm.errors import UserError
from dbsbm.optimizer.applying.ddl import read_fix
from dbsbm.optimizer.finding import short_id

_CHANGE: Final = {
    "open": ("prove", "apply", "dismiss"),
    "proved": ("apply", "dismiss"),
    "applied": ("keep",),
}
_ADVICE: Final = {"open": ("dismiss",), "proved": ("dismiss",)}


def is_change(fix: Sequence[str]) -> bool:
    """Whether a fix changes one table, so that it can be tried, applied and undone."""
    try:
        read_fix(fix, "")
    except UserError:
        return False
    return True


def next_steps(state: str, fix: Sequence[str], *, in_force: bool) -> tuple[str, ...]:
    """The commands of `optimizer` that can follow, the most sensible first.

    Args:
        state: Of the finding.
        fix: What it asks for now.
        in_force: Something was done for it and not undone, whatever it is and asks for by now.
    """
    steps = (_CHANGE if is_change(fix) else _ADVICE).get(state, ())
    return (*steps, "revert") if in_force else steps


def next_commands(row: FindingRow, *, in_force: bool) -> list[str]:
    """What can be typed next about a finding, as a command line takes it; see `next_steps`."""
    where = f" --database-url mysql://USER@{row.target} --ask-password" if row.target else ""
    return [
        f"python -m dbsbm optimizer {step} {short_id(row.id)}{'' if step == 'dismiss' else where}"
        for step in next_steps(row.state, row.fix, in_force=in_force)
    ]
