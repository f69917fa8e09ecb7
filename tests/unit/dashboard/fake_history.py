"""A history without a database: what was observed when, merged as the real one does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dbsbm.monitor.counting.sketch import Sketch

_STEPS = ((3600, 60), (6 * 3600, 60), (86400, 600), (7 * 86400, 3600), (30 * 86400, 7200))


@dataclass
class FakePoint:
    start: datetime
    step: timedelta
    sketch: Sketch

    def __getattr__(self, name: str) -> float:
        return getattr(self.sketch, name)

    def quantiles(self, *qs: float) -> list[float]:
        return [self.sketch.quantile(q) for q in qs]

    @property
    def rate(self) -> float:
        return self.sketch.total / self.step.total_seconds()


@dataclass
class FakeSeries:
    labels: Mapping[str, str]
    step: timedelta
    points: Sequence[FakePoint]


@dataclass
class FakeSummary:
    labels: Mapping[str, str]
    sketch: Sketch

    def __getattr__(self, name: str) -> float:
        return getattr(self.sketch, name)

    def quantiles(self, *qs: float) -> list[float]:
        return [self.sketch.quantile(q) for q in qs]


Observation = tuple[datetime, str, dict[str, str], tuple[float, ...]]


class FakeHistory:
    """Holds observations. Counters' `count` is the number of additions, as in the real one."""

    def __init__(self) -> None:
        self.observed: list[Observation] = []
        self.reads: list[str] = []

    def observe(self, at: datetime, name: str, *values: float, **labels: str) -> None:
        self.observed.append((at, name, labels, values))

    def series(self, name, since, until, *, where=None, by=(), step=None, only=None):
        step = step or timedelta(seconds=_step((until - since).total_seconds()))
        seconds = int(step.total_seconds())
        found: dict[tuple, dict[int, Sketch]] = {}
        for at, key, values in self._matching(name, since, until, where, by):
            start = int(at.timestamp()) // seconds * seconds
            sketch = found.setdefault(key, {}).setdefault(start, Sketch())
            sketch.add_all(values)
        return [
            FakeSeries(
                dict(key),
                step,
                [
                    FakePoint(datetime.fromtimestamp(start, UTC), step, sketch)
                    for start, sketch in sorted(points.items())
                ],
            )
            for key, points in found.items()
        ]

    def summary(self, name, since, until, *, where=None, by=()):
        found: dict[tuple, Sketch] = {}
        for _, key, values in self._matching(name, since, until, where, by):
            found.setdefault(key, Sketch()).add_all(values)
        return [FakeSummary(dict(key), sketch) for key, sketch in found.items()]

    def top(self, name, since, until, *, by, order="total", limit=10):
        found = self.summary(name, since, until, by=by)
        return sorted(found, key=lambda each: -getattr(each, order))[:limit]

    def latest(self, name, *, where=None, within=timedelta(seconds=180)):
        now = datetime.now(UTC)
        names = sorted(
            {label for _, n, labels, _ in self.observed if n == name for label in labels}
        )
        return self.summary(name, now - within, now, where=where, by=tuple(names))

    def _matching(self, name, since, until, where, by):
        self.reads.append(name)
        for at, found, labels, values in self.observed:
            fits = all(labels.get(label) == value for label, value in (where or {}).items())
            if found == name and since <= at < until and fits:
                yield at, tuple((label, labels.get(label, "")) for label in by), values


def _step(seconds: float) -> int:
    return next((step for span, step in _STEPS if seconds <= span), 86400)
