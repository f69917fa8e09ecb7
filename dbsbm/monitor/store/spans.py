"""Which resolution a span is read in, and where finer points have to stand in for coarser ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.db.models import RollupDue
from dbsbm.monitor.store.resolutions import COARSER, FINER, MINUTE, RETENTION, floor

MAX_POINTS = 400
"""Points of a series where the step is not given: more than that no chart can show."""

# Each is a resolution or a small multiple of one.
_STEPS = (60, 600, 1800, 3600, 10_800, 86_400)


class Stretch(NamedTuple):
    """A part of a span and the resolution that it is read in."""

    resolution: int
    since: datetime
    until: datetime


def choose_step(since: datetime, until: datetime, now: datetime, step: timedelta | None) -> int:
    """Seconds between two points: the finest whose points are still kept and not too many.

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
    for seconds in _STEPS:
        if span / seconds <= MAX_POINTS and now - since <= RETENTION[_base(seconds)]:
            return seconds
    return _STEPS[-1]


def stretches(session: Session, since: datetime, until: datetime, step: int) -> list[Stretch]:
    """The parts of a span: coarse points as far as they are made, then finer and finer ones."""
    edges = _edges(session, until)
    parts = []
    resolution = _base(step)
    start = floor(since, step)
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
