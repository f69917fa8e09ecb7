"""How metrics went over a window, as plain data: what rules about growth and bursts look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What a metric came to in one step.

    Attributes:
        at: Start of the step, in Unix seconds.
        count: Values, additions or readings.
        total: Their sum.
        low: The lowest.
        high: The highest.
    """

    at: float
    count: float
    total: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        """Arithmetic mean of the values: what a gauge showed."""
        return self.total / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A metric with one set of labels.

    Attributes:
        kind: distribution, counter or gauge.
        step: Seconds from one reading to the next; one is missing where nothing was measured.
    """

    name: str
    labels: Mapping[str, str]
    kind: str
    step: float
    readings: Sequence[Reading]


class Curves:
    """Curves by their metric's name."""

    def __init__(self, curves: Iterable[Curve]) -> None:
        self._curves: dict[str, list[Curve]] = defaultdict(list)
        for curve in curves:
            self._curves[curve.name].append(curve)

    def __iter__(self) -> Iterator[Curve]:
        for curves in self._curves.values():
            yield from curves

    def of(self, name: str, **labels: str) -> list[Curve]:
        """The curves of a metric that carry these labels."""
        return [
            curve for curve in self._curves.get(name, ()) if labels.items() <= curve.labels.items()
        ]

    def values(self, name: str, label: str) -> list[str]:
        """What a label of a metric is, sorted."""
        found = {curve.labels[label] for curve in self.of(name) if label in curve.labels}
        return sorted(found)

    def totals(self, name: str, **labels: str) -> dict[float, float]:
        """Start of a step -> sum over the curves that carry the labels."""
        sums: dict[float, float] = defaultdict(float)
        for curve in self.of(name, **labels):
            for reading in curve.readings:
                sums[reading.at] += reading.total
        return dict(sorted(sums.items()))
