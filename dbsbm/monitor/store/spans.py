"""Which resolution a span is read in, and where finer points have to stand in for coarser ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.db.models import RollupDue
from dbsbm.monitor.store.resolutions import (
    COARSER,
    DAY,
    FINER,
    HOUR,
    MINUTE,
    RETENTION,
    TEN_MINUTES,
    floor,
)
from dbsbm.monitor.store.rows import Stretch

MAX_POINTS = {MINUTE: 400, TEN_MINUTES: 400, HOUR: 750, DAY: 400}
"""Points of a series where the step is not given. Of hours a month, for which days are too few."""


def choose_step(since: datetime, until: datetime, now: datetime, step: timedelta | None) -> int:
    """Seconds between two points: the finest resolution that is still kept and not too fine.

    A point that is stored as it is shown has its quantiles; several that become one are merged.

    Args:
        since: Start of the span.
        until: Its end.
        now: The time, from which retention counts.
        step: What was asked for, or None.

    Raises:
        ValueError: `step` is no multiple of a minute.
    """
    if step is not None:
        seconds = int(step.total_seconds())
        if seconds <= 0 or seconds % MINUTE:
            raise ValueError(f"a step is a multiple of a minute, not {step}")
        return seconds
    span = (until - since).total_seconds()
    for resolution, kept in RETENTION.items():
        if span / resolution <= MAX_POINTS[resolution] and now - since <= kept:
            return resolution
    return max(RETENTION)


def stretches(session: Session, since: datetime, until: datetime, step: int) -> list[Stretch]:
    """The parts of a span: coarse points as far as they are made, then finer and finer ones."""
    resolution = _base(step)
    start = floor(since, step)
    if resolution == MINUTE:  # there is nothing finer that it could be made of
        return [Stretch(MINUTE, start, until)] if start < until else []
    parts = []
    edges = _edges(session, until)
    while True:
        end = min(until, edges[resolution])
        if start < end:
            parts.append(Stretch(resolution, start, end))
            start = end
        if resolution == MINUTE:
            return parts
        resolution = FINER[resolution]


def _base(step: int) -> int:
    """The coarsest resolution that a step is a multiple of."""
    return max(resolution for resolution in RETENTION if step % resolution == 0)


def _edges(session: Session, until: datetime) -> dict[int, datetime]:
    """Resolution -> the time from which on its points are not made, or not of all there is."""
    due = select(RollupDue.resolution, func.min(RollupDue.start)).group_by(RollupDue.resolution)
    waiting = {resolution: start for resolution, start in session.execute(due)}  # noqa: C416 - rows are no pairs
    edges = {MINUTE: until}
    for finer, resolution in COARSER.items():
        edge = min(until, waiting.get(resolution, until))
        edges[resolution] = edge if finer == MINUTE else min(edge, floor(edges[finer], resolution))
    return edges
