"""The words for what becomes of a finding, and the order in which findings are told."""

from __future__ import annotations

from typing import Final, Literal

from sqlalchemy import case

from dbsbm.db.models import FindingRow

State = Literal["open", "proved", "applied", "verified", "reverted", "dismissed", "gone"]

STATES: Final[tuple[State, ...]] = (
    "open",
    "proved",
    "applied",
    "verified",
    "reverted",
    "dismissed",
    "gone",
)
WAITING: Final[tuple[State, ...]] = ("open", "proved")
"""Nothing was done about it yet: gone as soon as it is not found any more."""
CHANGED: Final[tuple[State, ...]] = ("applied", "verified")
"""What it asked for was done: it is watched, or has helped."""

GRAVITY: Final = case({"critical": 0, "warning": 1}, value=FindingRow.severity, else_=2)
"""To sort by: the gravest first."""
