"""Charts: which series they show, and what of each point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dbsbm.dashboard.reading.span import Span
from dbsbm.dashboard.reading.stats import Stat, numbers, ratio
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Point, Series

Unit = Literal["s", "bytes", "ratio", "count", "per_second", "percent"]
Where = Mapping[str, str]

MOST_LINES = 8
"""More lines than this cannot be told apart; the table beside the chart has the others."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line, or with `by` a line for each value of that label.

    Attributes:
        metric: The series' name.
        stat: What of each point is drawn.
        name: Shown in the legend; with `by` the label's value is.
        by: Label to split by.
    """

    metric: str
    stat: Stat
    name: str = ""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A line of how large a part of several counters one of them is.

    Attributes:
        part: The counter that is the part.
        rest: The counters that, with the part, make the whole.
        name: Shown in the legend; with `by` the label's value is.
        by: Label to split by.
    """

    part: str
    rest: tuple[str, ...]
    name: str = ""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Misses:
    """A line of how large a part of all observations has another label than the good one.

    Attributes:
        metric: The series' name.
        label: Says how it went.
        good: The value of that label that is well.
        name: Shown in the legend.
    """

    metric: str
    label: str
    good: str
    name: str = ""


Drawn = Curve | Share | Misses


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    Attributes:
        id: In its address.
        title: What it shows, in a few words.
        about: One sentence: how to read it.
        unit: Of its values.
        curves: What is drawn.
        limit: A line that values should stay on the good side of.
        bars: Bars instead of lines, for what is counted now and then.
        best: Whether `limit` is the most that is good, or the least.
    """

    id: str
    title: str
    about: str
    unit: Unit
    curves: tuple[Drawn, ...]
    limit: float | None = None
    bars: bool = False
    best: Literal["low", "high"] = "low"

    def draw(self, history: History, span: Span, where: Where) -> dict[str, Any]:
        """Its lines on one grid of moments, as JSON can hold it.

        Args:
            history: Where the points are.
            span: From when until when.
            where: Labels that every series must have, such as one fingerprint.
        """
        pen = _Pen(history, span, where)
        for curve in self.curves:
            if isinstance(curve, Share):
                pen.share(curve)
            elif isinstance(curve, Misses):
                pen.misses(curve)
        for (metric, by), curves in self._by_series().items():
            pen.curves(metric, by, curves)
        edges = {"since": span.since.timestamp(), "until": span.until.timestamp()}
        return {"limit": self.limit, **edges, **pen.drawn()}

    def _by_series(self) -> dict[tuple[str, str | None], list[Curve]]:
        """The curves that are drawn of the same series."""
        found: dict[tuple[str, str | None], list[Curve]] = {}
        for curve in self.curves:
            if isinstance(curve, Curve):
                found.setdefault((curve.metric, curve.by), []).append(curve)
        return found


@dataclass(slots=True)
class _Line:
    name: str
    values: dict[int, float | None]
    weight: float


class _Pen:
    """Collects lines and puts them on one grid."""

    def __init__(self, history: History, span: Span, where: Where) -> None:
        self._history = history
        self._span = span
        self._where = where
        self._lines: list[_Line] = []
        self._step = 0
        self._left_out = 0

    def curves(self, metric: str, by: str | None, curves: Sequence[Curve]) -> None:
        """Every statistic that is wanted of the same series."""
        stats = [curve.stat for curve in curves]
        read = self._series(metric, by, stats)
        found = [(sum(each.total for each in series.points), series) for series in read]
        if len(found) > MOST_LINES:  # before their quantiles are made, which is what costs
            self._left_out += len(found) - MOST_LINES
            found = sorted(found, key=lambda pair: pair[0], reverse=True)[:MOST_LINES]
        for weight, series in found:
            columns = {_epoch(each): numbers(each, stats) for each in series.points}
            for place, curve in enumerate(curves):
                name = series.labels.get(by, "") if by else curve.name
                values = {at: found[place] for at, found in columns.items()}
                self._lines.append(_Line(name, values, weight))

    def share(self, share: Share) -> None:
        whole: dict[str, dict[int, float]] = {}
        parts: dict[str, dict[int, float]] = {}
        for metric in (share.part, *share.rest):
            for series in self._series(metric, share.by):
                name = series.labels.get(share.by, "") if share.by else share.name
                sums = whole.setdefault(name, {})
                for each in series.points:
                    sums[_epoch(each)] = sums.get(_epoch(each), 0.0) + each.total
                if metric == share.part:
                    parts[name] = {_epoch(each): each.total for each in series.points}
        for name, sums in whole.items():
            part = parts.get(name, {})
            values = {at: ratio(part.get(at, 0.0), total) for at, total in sums.items()}
            self._lines.append(_Line(name, values, sum(sums.values())))

    def misses(self, misses: Misses) -> None:
        whole: dict[int, int] = {}
        bad: dict[int, int] = {}
        for series in self._series(misses.metric, misses.label):
            is_bad = series.labels.get(misses.label) != misses.good
            for each in series.points:
                at = _epoch(each)
                whole[at] = whole.get(at, 0) + each.count
                bad[at] = bad.get(at, 0) + (each.count if is_bad else 0)
        values = {at: ratio(bad[at], count) for at, count in whole.items()}
        if values:
            self._lines.append(_Line(misses.name, values, sum(whole.values())))

    def drawn(self) -> dict[str, Any]:
        lines = self._lines
        if len(lines) > MOST_LINES:
            lines = sorted(lines, key=lambda line: line.weight, reverse=True)[:MOST_LINES]
            self._left_out += len(self._lines) - MOST_LINES
        moments = [at for line in lines for at in line.values]
        if not moments:
            return {"start": 0, "step": 0, "lines": [], "left_out": 0}
        grid = range(min(moments), max(moments) + 1, self._step)
        return {
            "start": grid.start,
            "step": self._step,
            "lines": [
                {"name": line.name or "all", "values": [line.values.get(at) for at in grid]}
                for line in lines
            ],
            "left_out": self._left_out,
        }

    def _series(
        self, metric: str, by: str | None, stats: Sequence[Stat] = ("total",)
    ) -> Sequence[Series]:
        found = self._history.series(
            metric,
            self._span.since,
            self._span.until,
            where=self._where,
            by=(by,) if by else (),
            only=stats,
        )
        self._step = max([self._step, *(int(each.step.total_seconds()) for each in found)])
        return found


def _epoch(point: Point) -> int:
    return int(point.start.timestamp())
