"""How far quantiles are off after a day of eight processes was merged minute by minute."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator

from bench.harness import Row
from dbsbm.monitor.counting.sketch import Sketch

QUANTILES = (0.5, 0.95, 0.99, 0.999)
CHILDREN, MINUTES = 8, 1440
# Those of prometheus_client's Histogram.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

SHAPES: dict[str, Callable[[random.Random], float]] = {
    "lognormal": lambda dice: dice.lognormvariate(-4, 1.2),
    "two modes with a gap": lambda dice: (
        dice.gauss(0.004, 0.0004) if dice.random() < 0.9 else dice.gauss(2.0, 0.1)
    ),
    "heavy tail": lambda dice: 0.002 * dice.paretovariate(1.1),
}


def rows(*, quick: bool) -> Iterator[Row]:
    """The largest error of four quantiles, for each shape."""
    per_minute = 5 if quick else 20
    for name, shape in SHAPES.items():
        dice = random.Random(20261123)
        values = [shape(dice) for _ in range(CHILDREN * MINUTES * per_minute)]
        true = _true(values)
        yield Row(
            f"largest error of p50 to p99.9, {name}",
            _largest_error(_merged(values, per_minute), true),
            "%",
            floor=2,
            aim=1,
            peers={"default buckets": _largest_error(_interpolated(values), true)},
        )


def _true(values: list[float]) -> list[float]:
    ordered = sorted(values)
    return [ordered[int(q * (len(ordered) - 1))] for q in QUANTILES]


def _largest_error(found: list[float], true: list[float]) -> float:
    return max(abs(a - b) / b for a, b in zip(found, true, strict=True)) * 100


def _merged(values: list[float], per_minute: int) -> list[float]:
    """The way of the fleet: a sketch a child and minute, merged and written down level by level."""
    minutes = []
    for minute in range(MINUTES):
        begin = minute * CHILDREN * per_minute
        parts = [
            values[begin + child * per_minute : begin + (child + 1) * per_minute]
            for child in range(CHILDREN)
        ]
        minutes.append(_stored([_counted(part) for part in parts]))
    level = minutes
    for size in (10, 6, 24):
        level = [_stored(level[at : at + size]) for at in range(0, len(level), size)]
    (day,) = level
    return [day.quantile(q) for q in QUANTILES]


def _counted(values: list[float]) -> Sketch:
    sketch = Sketch()
    sketch.add_all(values)
    return sketch


def _stored(parts: list[Sketch]) -> Sketch:
    merged = Sketch()
    for part in parts:
        merged.merge(part)
    exact = {"total": merged.total, "low": merged.low, "high": merged.high}
    return Sketch.from_bytes(merged.to_bytes(), **exact)


def _interpolated(values: list[float]) -> list[float]:
    """As Prometheus's `histogram_quantile` does it, with the buckets that one gets."""
    counts = [0] * (len(BUCKETS) + 1)
    for value in values:
        counts[bisect_left(BUCKETS, value)] += 1
    return [_quantile(counts, q * len(values)) for q in QUANTILES]


def _quantile(counts: list[int], rank: float) -> float:
    seen = 0
    for number, upper in enumerate(BUCKETS):
        if seen + counts[number] >= rank:
            lower = BUCKETS[number - 1] if number else 0.0
            return lower + (upper - lower) * (rank - seen) / counts[number]
        seen += counts[number]
    return BUCKETS[-1]
