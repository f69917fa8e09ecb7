"""How things went over the span: lines on one grid of moments, for charts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dbsbm.monitor.report.model import Line, Trend, Unit, Window
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Point, Series
from dbsbm.monitor.store.resolutions import floor
from dbsbm.monitor.store.spans import choose_step

MOST_ROLES = 4
"""More layers than this cannot be told apart; the others are one."""

# On a picture as wide as a phone more points than this are noise.
_STEPS = (
    (timedelta(hours=3), 60),
    (timedelta(hours=26), 600),
    (timedelta(days=8), 3600),
    (timedelta(days=40), 10_800),
)

Values = dict[datetime, float]


class Trends:
    """Draws lines of one span."""

    def __init__(self, history: History, span: Window, now: datetime) -> None:
        length = span.until - span.since
        step = next((seconds for longest, seconds in _STEPS if length <= longest), 86_400)
        self._history = history
        self._span = span
        self._now = now
        self._step = timedelta(
            seconds=max(step, choose_step(span.since, span.until, now, None)),
        )

    def all(self) -> list[Trend]:
        """The charts of a report."""
        return [self.response_times(), self.tasks(), self.hit_rate(), self.memory()]

    def response_times(self) -> Trend:
        """From command to answer; where no command was given, how long tasks ran."""
        title, points = "Command to answer", self._points("discord.answer")
        if not points:
            title, points = "Task run time", self._points("task.run")
        lines = {"p50": _values(points, 0.5), "p95": _values(points, 0.95)}
        return self._trend("response_times", title, "seconds", lines)

    def tasks(self) -> Trend:
        """Tasks that ended; where the fleet was measured and none ended, 0."""
        found = {point.start: 60 * point.rate for point in self._points("task.run")}
        idle = {point.start: 0.0 for point in self._points("broker.up")}
        return self._trend("tasks", "Tasks a minute", "per_minute", {"": idle | found})

    def hit_rate(self) -> Trend:
        """Share of the reads of the cache that found something."""
        hits = {point.start: point.total for point in self._points("cache.hits")}
        misses = {point.start: point.total for point in self._points("cache.misses")}
        values = {
            at: hits.get(at, 0.0) / reads
            for at in hits.keys() | misses.keys()
            if (reads := hits.get(at, 0.0) + misses.get(at, 0.0))
        }
        return self._trend("hit_rate", "Cache hit rate", "ratio", {"": values})

    def memory(self) -> Trend:
        """Memory of all processes by role: of one process on average, times how many there were."""
        counts = {
            series.labels["role"]: {point.start: point.mean for point in self._whole(series)}
            for series in self._series("process.count", by=("role",))
        }
        roles = {
            series.labels["role"]: {
                point.start: point.mean * counts.get(series.labels["role"], {}).get(point.start, 1)
                for point in self._whole(series)
            }
            for series in self._series("process.memory_bytes", by=("role",))
        }
        return self._trend("memory", "Memory", "bytes", _largest(roles), is_stacked=True)

    def _trend(
        self,
        key: str,
        title: str,
        unit: Unit,
        lines: Mapping[str, Values],
        *,
        is_stacked: bool = False,
    ) -> Trend:
        grid = self._grid()
        drawn = [
            Line(name, tuple(values.get(at) for at in grid))
            for name, values in lines.items()
            if values
        ]
        return Trend(key, title, unit, self._step.total_seconds(), grid, drawn, is_stacked)

    def _grid(self) -> list[datetime]:
        at, grid = floor(self._span.since, int(self._step.total_seconds())), []
        while at < self._span.until:
            grid.append(at)
            at += self._step
        return grid

    def _points(self, name: str) -> Sequence[Point]:
        return [point for series in self._series(name) for point in self._whole(series)]

    def _series(self, name: str, by: Sequence[str] = ()) -> Sequence[Series]:
        return self._history.series(
            name, self._span.since, self._span.until, by=by, step=self._step
        )

    def _whole(self, series: Series) -> Sequence[Point]:
        """The points without one that is still going on: it would look like a fall."""
        return [point for point in series.points if point.start + self._step <= self._now]


def _values(points: Sequence[Point], q: float) -> Values:
    return {point.start: point.quantile(q) for point in points}


def _largest(roles: Mapping[str, Values]) -> dict[str, Values]:
    """The largest roles, the largest first, and the others as one."""
    ordered = sorted(roles, key=lambda role: -sum(roles[role].values()))
    found = {role: roles[role] for role in ordered[:MOST_ROLES]}
    if others := [roles[role] for role in ordered[MOST_ROLES:]]:
        rest: Values = defaultdict(float)
        for values in others:
            for at, value in values.items():
                rest[at] += value
        found["others"] = dict(rest)
    return found
