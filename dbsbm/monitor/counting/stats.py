"""The exact part of what many values come to: how many, their sum, the extremes and the last."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite
from typing import Any

LIMIT = 1e100
"""No value is as large as this; one that is cannot be a reading, and is refused like NaN."""


class Stats:
    """Count, sum, extremes and last of values; mergeable. What counters and gauges are kept as."""

    __slots__ = ("count", "high", "last", "low", "total")

    def __init__(
        self,
        count: int = 0,
        total: float = 0.0,
        low: float = inf,
        high: float = -inf,
        last: float = 0.0,
    ) -> None:
        self.count = count
        self.total = total
        self.low = low
        self.high = high
        self.last = last

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._state() == self._state()

    __hash__ = None  # type: ignore[assignment]  # it changes with every value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(count={self.count}, total={self.total!r})"

    @property
    def mean(self) -> float:
        """Arithmetic mean, 0 where there are no values."""
        return self.total / self.count if self.count else 0.0

    def add(self, value: float, count: int = 1) -> int:
        """Add a value `count` times. Returns how many were refused: NaN, infinite, no number."""
        return self.add_all([value] * count)

    def add_all(self, values: Sequence[float]) -> int:
        """Add values in their order. Returns how many of them were refused."""
        sound, total = _sound(values)
        if sound:
            self._take(sound, total)
        return len(values) - len(sound)

    def merge(self, other: Stats) -> None:
        """Add what another one holds; its last value counts as the later one."""
        if not other.count:
            return
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        self.last = other.last

    def _take(self, values: Sequence[float], total: float) -> None:
        self.count += len(values)
        self.total += total
        self.low = min(self.low, float(min(values)))
        self.high = max(self.high, float(max(values)))
        self.last = float(values[-1])

    def _state(self) -> tuple[object, ...]:
        return self.count, self.total, self.low, self.high, self.last


def _sound(values: Sequence[float]) -> tuple[Sequence[float], float]:
    """The values that can be counted, and their sum. Nearly always these are all of them."""
    try:
        total = float(sum(values))
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        total = inf
    # A sum hides a huge value only where there is one as huge below zero: then it is no larger.
    if isfinite(total) and (not values or max(map(abs, values)) < LIMIT):
        return values, total
    sound = [float(value) for value in values if _is_reading(value)]
    return sound, sum(sound)


def _is_reading(value: Any) -> bool:
    try:
        return -LIMIT < float(value) < LIMIT
    except (TypeError, ValueError, OverflowError):
        return False
