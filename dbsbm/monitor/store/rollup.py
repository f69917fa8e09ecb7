"""Coarser points of finer ones: ten minutes of minutes, hours of those, days of hours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from time import monotonic
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricPoint, RollupDue
from dbsbm.monitor.store.condense import merged
from dbsbm.monitor.store.points import POINT, insert_points, mark_due, stats_of
from dbsbm.monitor.store.resolutions import COARSER, FINER

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=120)
"""After this nearly everything has arrived; what comes later has its stretch made again."""


@dataclass(frozen=True, slots=True)
class RollupReport:
    """What one run did.

    Attributes:
        stretches: Stretches of time whose points were made.
        points: Points that were written.
    """

    stretches: int
    points: int


def roll_up(
    database: Database, *, now: datetime | None = None, budget_seconds: float = 20.0
) -> RollupReport:
    """Make the coarser points that are due, each stretch of time in a transaction of its own.

    A stretch is made of all its finer points at once, so making it twice changes nothing, and what
    is left when the time is over, or when the process is killed, is still due.

    Args:
        database: Where the points are.
        now: The time; only stretches that ended before are made.
        budget_seconds: After this no further stretch is begun.

    Raises:
        TransientError: The database is away.
    """
    settled = (now or datetime.now(UTC)) - SETTLE
    deadline = monotonic() + budget_seconds
    written = []
    for resolution in FINER:
        for start in _due(database, resolution, settled):
            if monotonic() > deadline:
                break
            written.append(database.transact(lambda session: _make(session, resolution, start)))  # noqa: B023 - run at once
    report = RollupReport(len(written), sum(written))
    log.info(
        "%d stretches of time rolled up.",
        report.stretches,
        extra={"action": "monitor.rolled_up", "points": report.points},
    )
    return report


def _due(database: Database, resolution: int, settled: datetime) -> list[datetime]:
    """Stretches that have ended and whose sources are made."""
    length = timedelta(seconds=resolution)
    with database.read() as session:
        starts = session.scalars(
            select(RollupDue.start)
            .where(RollupDue.resolution == resolution, RollupDue.start <= settled - length)
            .order_by(RollupDue.start)
        ).all()
        return [start for start in starts if not _is_waiting(session, resolution, start)]


def _is_waiting(session: Session, resolution: int, start: datetime) -> bool:
    """True where a part of the stretch has to be made first."""
    inside = (
        RollupDue.resolution < resolution,
        RollupDue.start >= start,
        RollupDue.start < start + timedelta(seconds=resolution),
    )
    return bool(session.scalar(select(exists().where(*inside))))


def _make(session: Session, resolution: int, start: datetime) -> int:
    due = session.get(RollupDue, (resolution, start), with_for_update=True)
    if due is None:
        return 0  # another monitor was faster
    sums = {
        series_id: merged(map(stats_of, rows))
        for series_id, rows in groupby(
            _sources(session, resolution, start), key=lambda row: row.series_id
        )
    }
    session.execute(
        delete(MetricPoint).where(MetricPoint.resolution == resolution, MetricPoint.start == start)
    )
    insert_points(session, resolution, start, sums)
    session.delete(due)
    if resolution in COARSER:
        mark_due(session, COARSER[resolution], start)
    return len(sums)


def _sources(session: Session, resolution: int, start: datetime) -> Iterator[Any]:
    rows = session.execute(
        select(*POINT)
        .where(
            MetricPoint.resolution == FINER[resolution],
            MetricPoint.start >= start,
            MetricPoint.start < start + timedelta(seconds=resolution),
        )
        .order_by(MetricPoint.series_id, MetricPoint.start)
    )
    return iter(rows)
