"""One number out of a point or a summary."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Stat = Literal["p50", "p95", "p99", "mean", "rate", "total", "count", "last", "high", "low"]

_QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def numbers(value: Any, stats: Sequence[Stat]) -> list[float | None]:
    """Statistics, with six digits; None where there is nothing or it is no finite number."""
    if not value.count:
        return [None] * len(stats)
    # Quantiles are dear, and asked for together they cost as much as one.
    wanted = [_QUANTILES[stat] for stat in stats if stat in _QUANTILES]
    found = iter(value.quantiles(*wanted) if wanted else ())
    return [tidy(next(found) if stat in _QUANTILES else getattr(value, stat)) for stat in stats]


def number(value: Any, stat: Stat) -> float | None:
    """One statistic of `numbers`."""
    return numbers(value, (stat,))[0]


def tidy(value: float | None) -> float | None:
    """Six significant digits: what a chart can show, and a third of the bytes."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.6g}")


def ratio(part: float, whole: float) -> float | None:
    """A share of a whole; None where there is no whole."""
    return tidy(part / whole) if whole else None


def label_key(labels: Mapping[str, str], by: tuple[str, ...]) -> tuple[str, ...]:
    """The values of the labels that something was split by."""
    return tuple(labels.get(name, "") for name in by)
