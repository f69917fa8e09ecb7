"""Where the axes of a chart end, and what is written on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from dbsbm.monitor.report.model import Trend, Unit
from dbsbm.monitor.report.wording import spell

# Halves of these are round as well, for the line in the middle.
_ROUND = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)
_ROUND_BYTES = (1.0, 1.5, 2.0, 3.0, 4.0)
_SMALLEST: dict[Unit, float] = {"seconds": 0.002, "bytes": 2.0**20, "per_minute": 2.0}


class Scale(NamedTuple):
    """The ends of an axis of values, and the text of its lower end, its middle and its top."""

    low: float
    high: float
    texts: tuple[str, str, str]

    @property
    def ticks(self) -> tuple[float, float, float]:
        """Where the texts stand."""
        return self.low, (self.low + self.high) / 2, self.high


def scale(trend: Trend) -> Scale:
    """From 0 to a round number above all values; a ratio ends at 1, and shows what there is."""
    if trend.unit == "ratio":
        values = [each for line in trend.lines for each in line.values if each is not None]
        low, high = (0.5 if min(values, default=0.0) >= 0.5 else 0.0), 1.0
    else:
        low, high = 0.0, _above(_highest(trend), trend.unit)
    texts = tuple(spell(value, trend.unit) for value in (low, (low + high) / 2, high))
    return Scale(low, high, ("0" if low == 0 else texts[0], texts[1], texts[2]))


def moments(trend: Trend) -> Sequence[tuple[datetime, str]]:
    """The begin, the middle and the end of a chart, and how they are written."""
    begin = trend.starts[0]
    end = trend.starts[-1] + timedelta(seconds=trend.step)
    within_a_day = end - begin <= timedelta(hours=26)
    form = "%H:%M" if within_a_day else "%-d %b" if end - begin < timedelta(days=100) else "%b %Y"
    return [(at, f"{at:{form}}") for at in (begin, begin + (end - begin) / 2, end)]


def _highest(trend: Trend) -> float:
    """The highest value, of layers that lie on each other the highest sum."""
    columns = zip(*(line.values for line in trend.lines), strict=True)
    whole = sum if trend.is_stacked else max
    return max(
        (whole(each for each in column if each is not None) for column in columns if any(column)),
        default=0.0,
    )


def _above(value: float, unit: Unit) -> float:
    value = max(value, _SMALLEST.get(unit, 0.0))
    base, rounds = (2.0, _ROUND_BYTES) if unit == "bytes" else (10.0, _ROUND)
    power = base ** math.floor(math.log(value, base))
    return next(number * power for number in rounds if number * power >= value * (1 - 1e-9))
