"""The span of a report, and the ones it is compared with, each where points begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from dbsbm.monitor.report.model import Window
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.resolutions import floor
from dbsbm.monitor.store.spans import choose_step

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
DAY_BEFORE, WEEK_BEFORE, SPAN_BEFORE = "day before", "week before", "span before"

# One is read with every sample, the other counted with all work: where neither is, nobody measured.
_ALWAYS_MEASURED = ("broker.up", "task.run")
# By this much a window may move to where its points begin; it may then lie in a coarser resolution.
_SLACK = timedelta(hours=1)


def comparisons(since: datetime, until: datetime) -> Sequence[str]:
    """What a span is compared with: a stretch that it overlaps would compare it with itself."""
    if until - since <= DAY:
        return DAY_BEFORE, WEEK_BEFORE
    return (WEEK_BEFORE,) if until - since <= WEEK else (SPAN_BEFORE,)


def aligned(name: str, since: datetime, until: datetime, now: datetime) -> Window:
    """A window that begins where the points begin that it is read in.

    One that ends in the past ends where points end: else the last one would reach beyond it.
    """
    step = choose_step(since - _SLACK, until, now, None)
    begin = floor(since, step)
    end = until if (now - until).total_seconds() < step else floor(until, step)
    return Window(name, begin, max(end, begin + timedelta(seconds=step)))


def windows(
    history: History, since: datetime, until: datetime, compare: Sequence[str], now: datetime
) -> list[Window]:
    """The span, then what it is compared with, each with how much of it was measured."""
    shifts = {DAY_BEFORE: DAY, WEEK_BEFORE: WEEK, SPAN_BEFORE: until - since}
    found = [aligned("span", since, until, now)]
    found += [aligned(name, since - shifts[name], until - shifts[name], now) for name in compare]
    return [replace(each, measured=_measured(history, each)) for each in found]


def _measured(history: History, window: Window) -> float:
    """Share of the window in which anything was measured, as finely as its points tell."""
    starts: set[datetime] = set()
    step = timedelta(minutes=1)
    for name in _ALWAYS_MEASURED:
        for series in history.series(name, window.since, window.until):
            starts.update(point.start for point in series.points)
            step = series.step
    return min(1.0, len(starts) / ceil(window.seconds / step.total_seconds()))
