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
        try:
            total, low, high = float(sum(values)), float(min(values)), float(max(values))
        except (TypeError, ValueError, ArithmeticError):
            return self._add_sound(values)
        # One NaN or infinity among them makes the sum one; without any it cannot overflow.
        if not (isfinite(total) and low > -LIMIT and high < LIMIT):
            return self._add_sound(values)
        self._take(values, total, low, high)
        return 0

    def merge(self, other: Stats) -> None:
        """Add what another one holds; its last value counts as the later one."""
        if not other.count:
            return
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        self.last = other.last

    def _add_sound(self, values: Sequence[float]) -> int:
        """Add those that are readings. Returns how many are not."""
        sound = [float(value) for value in values if _is_reading(value)]
        if sound:
            self._take(sound, sum(sound), min(sound), max(sound))
        return len(values) - len(sound)

    def _take(self, values: Sequence[float], total: float, low: float, high: float) -> None:
        self.count += len(values)
        self.total += total
        self.low = min(self.low, low)
        self.high = max(self.high, high)
        self.last = float(values[-1])

    def _state(self) -> tuple[object, ...]:
        return self.count, self.total, self.low, self.high, self.last


def _is_reading(value: Any) -> bool:
    try:
        return -LIMIT < float(value) < LIMIT
    except (TypeError, ValueError, OverflowError):
        return False
