"""What History gives: points that know their quantiles, and make them only when they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import nan
from typing import NamedTuple

import msgspec

from dbsbm.monitor.counting.series import Kind
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.store.condense import merged
from dbsbm.monitor.store.points import stats_of
from dbsbm.monitor.store.rows import QUANTILES, PointRow

Labels = Mapping[str, str]

_STORED = {q: name for name, q in QUANTILES.items()}


class Group(NamedTuple):
    """The rows of the series that are added up, each series' in the order of time."""

    labels: Labels
    kind: str
    rows: Sequence[PointRow]


# Made by the thousand for one chart: as a struct in a fifth of the time of a dataclass.
class Point(msgspec.Struct, frozen=True, gc=False):
    """What was measured in a stretch of time. What was not asked for is NaN.

    Attributes:
        start: When it begins.
        seconds: How long it is.
        kind: distribution, counter or gauge.
        count: Values, additions or readings.
        total: Their sum.
        low: The lowest.
        high: The highest.
        last: The last one: what a gauge showed.
    """

    start: datetime
    seconds: float
    kind: str
    count: int
    total: float
    low: float
    high: float
    last: float
    rows: Sequence[PointRow]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.start}, count={self.count}, total={self.total!r})"

    @property
    def mean(self) -> float:
        """Arithmetic mean of the values."""
        return self.total / self.count if self.count else 0.0

    @property
    def rate(self) -> float:
        """What was added a second; of a distribution or gauge, how many values a second."""
        amount = self.total if self.kind == Kind.COUNTER.value else self.count
        return amount / self.seconds

    @property
    def sketch(self) -> Sketch | None:
        """The merged sketch of a distribution, made anew at each call.

        None of other kinds, and where it was not read.
        """
        stats = [stats_of(row) for row in self.rows]
        found = stats[0] if len(stats) == 1 else merged(stats)
        return found if isinstance(found, Sketch) else None

    def quantile(self, q: float) -> float:
        """The value of rank q, from 0 to 1, within the sketch's stated error.

        Of a counter or gauge nothing is known between its extremes: it is the mean.
        """
        return self.quantiles(q)[0]

    def quantiles(self, *qs: float) -> list[float]:
        """Several quantiles, for the price of one.

        Raises:
            ValueError: It was read without what these are made of.
        """
        if self.kind != Kind.DISTRIBUTION.value or not self.count:
            return [self.mean for _ in qs]
        stored = self._stored(qs)
        if stored:
            return stored
        sketch = self.sketch
        if sketch is None:
            raise ValueError(f"these points were read without the quantiles {qs}")
        return sketch.quantiles(*qs)

    def _stored(self, qs: Sequence[float]) -> list[float]:
        """Quantiles that are stored, or nothing where any of them is not."""
        if len(self.rows) > 1:
            return []
        known = (getattr(self.rows[0], _STORED.get(q, ""), None) for q in qs)
        found = [value for value in known if value is not None]
        return found if len(found) == len(qs) else []


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one group of labels, in the order of time.

    Attributes:
        labels: The labels it was asked `by`.
        kind: distribution, counter or gauge.
        step: Time from one point to the next.
        points: A stretch in which nothing was measured has none.
    """

    labels: Labels
    kind: str
    step: timedelta
    points: Sequence[Point]


class Summary(Point, frozen=True, gc=False):
    """A whole span of one group of labels as one point."""

    name: str
    labels: Labels


def put_together(group: Group, seconds: int) -> list[Point]:
    """A group's rows, of any series and of finer resolutions too, as points of one series."""
    by_start: dict[int, list[PointRow]] = {}
    for row in group.rows:
        by_start.setdefault(row.stamp - row.stamp % seconds, []).append(row)
    return [
        Point(datetime.fromtimestamp(stamp, UTC), seconds, group.kind, *_exact(found), found)
        for stamp, found in sorted(by_start.items())
    ]


def sum_up(name: str, group: Group, *, start: datetime, seconds: float) -> Summary:
    """All rows of a group as one point."""
    exact = _exact(group.rows)
    return Summary(start, seconds, group.kind, *exact, group.rows, name, group.labels)


def _exact(rows: Sequence[PointRow]) -> tuple[int, float, float, float, float]:
    """Count, total, low, high and last of rows together; NaN for what was not read."""
    if len(rows) == 1:
        row = rows[0]
        return row.number, row.total, _or_nan(row.low), _or_nan(row.high), _or_nan(row.last)
    return (
        sum(row.number for row in rows),
        sum(row.total for row in rows),
        min(_or_nan(row.low) for row in rows),
        max(_or_nan(row.high) for row in rows),
        _or_nan(max(rows, key=lambda row: row.stamp).last),
    )


def _or_nan(value: float | None) -> float:
    return nan if value is None else value
