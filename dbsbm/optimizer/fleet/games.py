"""When games start, and how many tasks came around those of the last week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from dbsbm.db.engine import Database
from dbsbm.db.models import Game
from dbsbm.monitor.store.history import History

BACK: Final = timedelta(days=7)
"""As long as points of ten minutes are kept; it has one of each weekday."""
AHEAD: Final = timedelta(hours=12)
STEP: Final = timedelta(minutes=10)
_MOST_STARTS: Final = 5000


@dataclass(frozen=True, slots=True)
class GameLoad:
    """What a forecast of the queues is made of.

    Attributes:
        starts: When games started and will start, Unix times: from a week ago to twelve hours
            ahead.
        arrivals: Queue -> start of a step of ten minutes -> tasks that came.
    """

    starts: tuple[float, ...]
    arrivals: Mapping[str, Mapping[float, float]]


def read_game_load(database: Database, history: History, until: datetime) -> GameLoad:
    """Read it; without games nothing else is asked for.

    Raises:
        SQLAlchemyError: The database cannot be asked.
        TransientError: The database is away.
    """
    starts = (
        select(Game.starts_at)
        .where(Game.starts_at >= until - BACK, Game.starts_at <= until + AHEAD)
        .order_by(Game.starts_at.desc())
        .limit(_MOST_STARTS)
    )
    with database.read() as session:
        found = tuple(start.timestamp() for start in session.scalars(starts))
    if not any(start > until.timestamp() for start in found):
        return GameLoad(found, {})
    series = history.series(
        "task.wait", until - BACK, until, by=("queue",), step=STEP, only={"count"}
    )
    arrivals = {
        each.labels["queue"]: {point.start.timestamp(): point.count for point in each.points}
        for each in series
        if each.labels.get("queue")
    }
    return GameLoad(found, arrivals)
