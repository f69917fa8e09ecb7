"""A line through readings that wild ones do not move, and how sure its slope is.

Sources: the slope and its interval are those of P. K. Sen, Estimates of the regression coefficient
based on Kendall's tau, Journal of the American Statistical Association 63 (1968), 1379-1389, which
hold for independent errors. Readings of one machine are not: like S. Yue and C. Wang, The
Mann-Kendall test modified by effective sample size to detect trend in serially correlated
hydrological series, Water Resources Management 18 (2004), 201-218, the variance is widened by what
each reading says of the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import ceil, floor, inf, sqrt
from statistics import median

from dbsbm.optimizer.wilson import Z_95

LEAST_POINTS = 8
"""Fewer have hardly any pair of slopes to choose the bounds of 95 % from."""

# The line ends where the last readings are, not where it would have ended: what was cleared up
# today is free today.
_NEWEST = 3
# A half of the span rises like the whole, or the whole is one step: an archive that was unpacked.
_LEAST_PART = 0.25
# Nothing is less sure than this: beyond it the formula says that one reading tells all others.
_MOST_CORRELATION = 0.9

# Standard deviation of normal errors by their median absolute deviation.
_NORMAL = 1.4826

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Trend:
    """How a reading changes.

    Attributes:
        slope: The median change a second.
        lower: The least change a second, at 97.5 %.
        upper: The most change a second, at 97.5 %.
        level: Where it stands at the end.
        spread: What the level may be off by, at 95 %: it is read off noisy readings too.
        seconds: Time from the first to the last point.
    """

    slope: float
    lower: float
    upper: float
    level: float
    spread: float
    seconds: float

    def reaches(self, limit: float) -> tuple[float, float] | None:
        """Seconds until the level is at a limit: the least and the most, both at 97.5 %.

        None where it is not sure that it goes there at all.
        """
        away = limit - self.level
        towards = sorted(slope if away > 0 else -slope for slope in (self.lower, self.upper))
        if towards[0] <= 0:
            return None
        nearest = max(0.0, abs(away) - self.spread)
        return nearest / towards[1], (abs(away) + self.spread) / towards[0]


def fit(points: Sequence[Point]) -> Trend | None:
    """The trend of points (seconds, value) in the order of time.

    None where they are too few, or where they do not keep going in one direction: the slope of
    each half has to be at least a quarter of the whole's.
    """
    if len(points) < LEAST_POINTS:
        return None
    slope, lower, upper = _sen(points)
    half = len(points) // 2
    parts = [_slope(points[:half]), _slope(points[half:])]
    if any(part * slope < _LEAST_PART * slope * slope for part in parts):
        return None
    level = median(value for _, value in points[-_NEWEST:])
    return Trend(slope, lower, upper, level, _spread(points, slope), points[-1][0] - points[0][0])


def _sen(points: Sequence[Point]) -> tuple[float, float, float]:
    """The slope with the bounds of 95 %."""
    slopes = _slopes(points)
    if not slopes:
        return 0.0, 0.0, 0.0
    middle = median(slopes)
    n = len(points)
    variance = n * (n - 1) * (2 * n + 5) / 18 * _widening(points, middle)
    reach = Z_95 * sqrt(variance)
    low, high = (len(slopes) - reach) / 2, (len(slopes) + reach) / 2
    # Ranks count from 1; beyond the first and the last slope nothing is known.
    lower = slopes[floor(low) - 1] if low >= 1 else -inf
    upper = slopes[ceil(high)] if high <= len(slopes) - 1 else inf
    return middle, lower, upper


def _slopes(points: Sequence[Point]) -> list[float]:
    return sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] > a[0])


def _slope(points: Sequence[Point]) -> float:
    slopes = _slopes(points)
    return median(slopes) if slopes else 0.0


def _widening(points: Sequence[Point], slope: float) -> float:
    """How much the variance grows by correlation of what the line leaves over."""
    errors = _errors(points, slope)
    power = sum(error * error for error in errors)
    if not power:
        return 1.0
    correlation = sum(a * b for a, b in pairwise(errors)) / power
    correlation = min(max(0.0, correlation), _MOST_CORRELATION)
    return (1 + correlation) / (1 - correlation)


def _spread(points: Sequence[Point], slope: float) -> float:
    """Half the interval of 95 % of a mean of the newest readings."""
    deviation = median(abs(error) for error in _errors(points, slope))
    return Z_95 * _NORMAL * deviation / sqrt(_NEWEST)


def _errors(points: Sequence[Point], slope: float) -> list[float]:
    """What the line leaves over."""
    rest = [value - slope * at for at, value in points]
    centre = median(rest)
    return [each - centre for each in rest]
