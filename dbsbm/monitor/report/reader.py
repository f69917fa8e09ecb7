"""Figures out of the history: each number in the span, and in the windows it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dbsbm.monitor.report.model import Better, Figure, Unit, Window
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Summary

Key = tuple[str, ...]

MIN_MEASURED = 0.8
"""Share of a window that must be measured: else a sum of it says nothing."""
MIN_RATIO_SAMPLES = 30
"""Fewer observations move a ratio by more than three points each."""
BEYOND_A_QUANTILE = 5
"""Observations that must lie beyond a quantile, for it to be more than their chance."""


class Measured:
    """What one metric came to in one window; its sketches are merged once, when they are needed."""

    def __init__(self, summary: Summary) -> None:
        self.count = summary.count
        self.total = summary.total
        self.high = summary.high
        self.last = summary.last
        self.mean = summary.mean
        self._summary = summary

    @cached_property
    def quantile(self) -> Callable[[float], float]:
        """The value of a rank from 0 to 1."""
        sketch = self._summary.sketch
        return self._summary.quantile if sketch is None else sketch.quantile


@dataclass(frozen=True, slots=True)
class Found:
    """A metric, or one group of its labels, in the span and then in the compared windows."""

    windows: Sequence[Window]
    values: Sequence[Measured | None]

    @property
    def now(self) -> Measured | None:
        """In the span itself."""
        return self.values[0]

    def quantile(self, q: float) -> Figure:
        """A quantile in seconds."""
        enough = BEYOND_A_QUANTILE / (1 - q)
        return self._figure(lambda each: each.quantile(q), "seconds", enough, "low")

    def mean(self, unit: Unit) -> Figure:
        """The mean of a gauge's readings."""
        return self._figure(lambda each: each.mean, unit, 1, "low")

    def high(self, unit: Unit) -> Figure:
        """The highest."""
        return self._figure(lambda each: each.high, unit, 1, "low")

    def last(self, unit: Unit, better: Better = "low") -> Figure:
        """What a gauge showed in the end."""
        return self._figure(lambda each: each.last, unit, 1, better)

    def seconds(self) -> Figure:
        """The sum of all times."""
        return amount(self.windows, self._each(lambda found: found.total), "seconds", "low")

    def count(self, better: Better = "neither") -> Figure:
        """How many observations there were."""
        return amount(self.windows, self._each(lambda found: found.count), "count", better)

    def total(self, better: Better = "neither") -> Figure:
        """What a counter came to."""
        return amount(self.windows, self._each(lambda found: found.total), "count", better)

    def counts(self) -> list[float]:
        """How many observations there were, in each window."""
        return self._each(lambda found: found.count)

    def totals(self) -> list[float]:
        """What a counter came to, in each window."""
        return self._each(lambda found: found.total)

    def _each(self, number: Callable[[Measured], float]) -> list[float]:
        return [0.0 if each is None else number(each) for each in self.values]

    def _figure(
        self, number: Callable[[Measured], float], unit: Unit, enough: float, better: Better
    ) -> Figure:
        now, *before = self.values
        if now is None:
            return Figure(None, unit, 0, tuple(None for _ in before), better)
        can = now.count >= enough
        compared = (
            number(each) if can and each is not None and each.count >= enough else None
            for each in before
        )
        return Figure(number(now), unit, now.count, tuple(compared), better)


class Reader:
    """Reads metrics over the same windows, each once."""

    def __init__(self, history: History, windows: Sequence[Window]) -> None:
        """Read from a history.

        Args:
            history: Where the points are.
            windows: The span, then what it is compared with.
        """
        self.history = history
        self.windows = windows
        self._known: dict[tuple[str, Key, Key], dict[Key, Found]] = {}

    @property
    def span(self) -> Window:
        """The span of the report."""
        return self.windows[0]

    def all(self, name: str) -> Found:
        """A metric over all labels."""
        nothing = Found(self.windows, [None] * len(self.windows))
        return self.by(name).get((), nothing)

    def by(
        self, name: str, *labels: str, where: Mapping[str, str] | None = None
    ) -> Mapping[Key, Found]:
        """A metric by the values of its labels, of all windows."""
        key = (name, labels, tuple(f"{label}={value}" for label, value in (where or {}).items()))
        if key not in self._known:
            self._known[key] = self._read(name, labels, where or {})
        return self._known[key]

    def _read(self, name: str, labels: Key, where: Mapping[str, str]) -> dict[Key, Found]:
        read: list[dict[Key, Measured]] = []
        for window in self.windows:
            found = self.history.summary(name, window.since, window.until, where=where, by=labels)
            read.append(
                {tuple(each.labels[label] for label in labels): Measured(each) for each in found}
            )
        keys = sorted({key for each in read for key in each})
        return {key: Found(self.windows, [each.get(key) for each in read]) for key in keys}


def amount(
    windows: Sequence[Window], totals: Sequence[float], unit: Unit, better: Better
) -> Figure:
    """A sum over the span; those of other windows as if they had been measured for as long."""
    now, *before = totals
    span, *others = windows
    compared = (
        total * span.measured_seconds / window.measured_seconds
        if min(span.measured, window.measured) >= MIN_MEASURED
        else None
        for total, window in zip(before, others, strict=True)
    )
    return Figure(now, unit, now, tuple(compared), better)


def ratio(parts: Sequence[float], wholes: Sequence[float], better: Better) -> Figure:
    """Parts of wholes, window by window."""
    now, *before = (
        part / whole if whole else None for part, whole in zip(parts, wholes, strict=True)
    )
    can = wholes[0] >= MIN_RATIO_SAMPLES
    compared = (
        value if can and whole >= MIN_RATIO_SAMPLES else None
        for value, whole in zip(before, wholes[1:], strict=True)
    )
    return Figure(now, "ratio", wholes[0], tuple(compared), better)
