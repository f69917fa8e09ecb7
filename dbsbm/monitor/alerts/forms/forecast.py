"""Forecasts: will a gauge reach its limit within the horizon, if it goes on as it does?

The line is Theil's and Sen's (P. K. Sen, JASA 63, 1968): the median of the slopes between readings,
which up to 29 % of wild readings do not move. Both halves of the window have to point the same way,
so that one step (an archive that was unpacked) is no trend.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median

from dbsbm.monitor.alerts.forms.base import UNKNOWN, Judge, Verdict
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.track import Reading

# Points of the line; the readings between them are put together.
_POINTS = 24
_LEAST_POINTS = 8

Point = tuple[float, float]


class Forecast(Judge):
    """Extends a gauge's line."""

    @classmethod
    def reach(cls, rule: Rule) -> float:
        """One window."""
        return rule.window

    def judge(self, now: float, *, firing_since: float | None, calm_since: float) -> Verdict:
        """See the base class."""
        del calm_since
        rule = self.rule
        window = self.track.window(now - rule.window, now)
        readings = self.track.readings[window.start : window.stop]
        points = self._points(readings, now)
        if len(points) < _LEAST_POINTS:
            return UNKNOWN
        level = median(each.value for each in readings[-3:])
        if rule.is_breached_by(level):
            return Verdict(breached=True, active=True, value=level, since=readings[0].at)
        half = len(points) // 2
        slopes = [_slope(part) for part in (points, points[:half], points[half:])]
        horizon = rule.horizon * (1.0 if firing_since is None else 1.25)
        breached = all(rule.is_breached_by(level + slope * horizon) for slope in slopes)
        return Verdict(breached=breached, active=breached, value=level, since=readings[0].at)

    def _points(self, readings: Sequence[Reading], now: float) -> list[Point]:
        """The median of each of 24 stretches of the window that holds a reading."""
        start, width = now - self.rule.window, self.rule.window / _POINTS
        cells: dict[int, list[Reading]] = {}
        for each in readings:
            cells.setdefault(int((each.at - start) / width), []).append(each)
        return [
            (median(each.at for each in cell), median(each.value for each in cell))
            for _, cell in sorted(cells.items())
        ]


def _slope(points: Sequence[Point]) -> float:
    """The change a second."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] > a[0]]
    return median(slopes) if slopes else 0.0
