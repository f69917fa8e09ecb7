"""The words for what becomes of a finding, the order in which findings are told, the last run."""

from __future__ import annotations

from typing import Final, Literal

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from dbsbm.db.models import FindingRow, OptimizerRun

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


def last_run(session: Session) -> OptimizerRun | None:
    """The newest analysis of the fleet itself, None where there was none as yet."""
    return session.scalar(
        select(OptimizerRun)
        .where(OptimizerRun.target == "")
        .order_by(OptimizerRun.started_at.desc(), OptimizerRun.id.desc())
        .limit(1)
    )


def not_looked_at(run: OptimizerRun) -> list[tuple[str, str]]:
    """What an analysis could not look at: names of rules, and what they lack."""
    return [
        (rules, reason) for rules, _, reason in (each.partition(": ") for each in run.not_enabled)
    ]
