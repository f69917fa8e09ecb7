"""How long the values of a category may live, from what loading them anew has shown.

A key class is learned as a whole, to judge the one lifetime of a category; what each key is given
while it is loaded is `dbsbm.optimizer.learning.learner`. Each look at a value tells whether it
changed within its age, and all looks together make a belief, a `Rate`. A rate is held against a
budget by its bound: the upper one where a lifetime is granted, the lower one where a lifetime is
blamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, expm1, log, sqrt
from typing import Final

from dbsbm.optimizer.learning.rate import Rate

DEVIATIONS: Final = 3.0
RECENT: Final = 7200.0
"""Seconds at the end that are held against what was before, to notice a shift."""
_LEAST_LOOKS: Final = 20
_LEAST_SHIFT: Final = 1.5
_HALVINGS: Final = 50
_LONGEST: Final = 7 * 86_400.0
_LEAST_X, _MOST_X = 1e-12, 500.0


@dataclass(frozen=True, slots=True)
class Looks:
    """What some reloads have shown.

    Attributes:
        at: When, Unix time.
        count: How many there were.
        age: Their mean age, in seconds.
        changed: They found another value.
    """

    at: float
    count: float
    age: float
    changed: bool


@dataclass(frozen=True, slots=True)
class KeyClass:
    """What is believed of the keys of one class.

    Attributes:
        rate: Changes a second of a key.
        looks: Reloads that it was learned from.
        changes: Those that found another value.
        age: Mean age at the reloads, in seconds.
        has_shifted: It changes otherwise than it did, and only the last hours were believed.
    """

    rate: Rate
    looks: float
    changes: float
    age: float
    has_shifted: bool

    @property
    def upper(self) -> float:
        """Changes a second that there are hardly more than."""
        return self.rate.upper(DEVIATIONS)

    @property
    def lower(self) -> float:
        """Changes a second that there are hardly fewer than."""
        return max(0.0, self.rate.upper(-DEVIATIONS))


def learn(looks: Sequence[Looks], table_ttl: float) -> KeyClass | None:
    """Learn how often the keys of a class change, None where nothing was seen.

    Where the last hours show another rate than those before, the belief begins anew with them: as
    at the very beginning, data is then taken to change once within the table's lifetime.

    Args:
        looks: In any order.
        table_ttl: Lifetime by the table of categories, seconds.
    """
    if not looks:
        return None
    newest = max(each.at for each in looks)
    recent = [each for each in looks if each.at > newest - RECENT]
    older = [each for each in looks if each.at <= newest - RECENT]
    has_shifted = _differ(recent, older, table_ttl)
    believed = recent if has_shifted else looks
    count = _count(believed)
    return KeyClass(
        _rate(believed, table_ttl),
        count,
        _count(each for each in believed if each.changed),
        sum(each.age * each.count for each in believed) / count,
        has_shifted,
    )


def stale_share(changes: float, ttl: float) -> float:
    """Share of the hits of a lifetime that are stale, where they come at any time of it alike.

    A value changes for the first time after `t` with the density `changes exp(-changes t)`, and is
    stale from then on: that is `1 - (1 - exp(-x)) / x` of the lifetime, for `x = changes ttl`.
    """
    expected = changes * ttl
    return expected / 2 if expected < 1e-6 else 1 + expm1(-expected) / expected


def least_stale(classes: Sequence[KeyClass], ttl: float) -> float:
    """Share of a category's hits that are stale at the very least.

    A value that is loaded anew before its time is no older than it was then.
    """
    return _mean(classes, [stale_share(each.lower, min(ttl, each.age)) for each in classes])


def most_stale(classes: Sequence[KeyClass], ttl: float) -> float:
    """Share of a category's hits that are stale at the very most, if they live so long."""
    return _mean(classes, [stale_share(each.upper, ttl) for each in classes])


def longest_ttl(classes: Sequence[KeyClass], budget: float) -> float:
    """The longest lifetime whose stale share surely keeps to a budget, in seconds."""
    low, high = 0.0, _LONGEST
    if most_stale(classes, high) <= budget:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if most_stale(classes, middle) <= budget else (low, middle)
    return low


def _mean(classes: Sequence[KeyClass], shares: Sequence[float]) -> float:
    looks = [each.looks for each in classes]
    return sum(weight * share for weight, share in zip(looks, shares, strict=True)) / sum(looks)


def _differ(recent: Sequence[Looks], older: Sequence[Looks], table_ttl: float) -> bool:
    if min(_count(recent), _count(older)) < _LEAST_LOOKS:
        return False
    now, then = _rate(recent, table_ttl), _rate(older, table_ttl)
    doubt = DEVIATIONS * sqrt(now.variance + then.variance)
    ratio = now.mean / then.mean
    return abs(now.mean - then.mean) > doubt and not 1 / _LEAST_SHIFT < ratio < _LEAST_SHIFT


def _rate(looks: Sequence[Looks], table_ttl: float) -> Rate:
    """The belief after looks, in whatever order they were taken.

    The posterior of the logarithm of the rate has one mode, and is taken to be that of the gamma
    distribution with the same mode and curvature (Laplace's approximation): exact where nothing
    has changed.
    """
    seconds = 0.5 * table_ttl + sum(each.age * each.count for each in looks if not each.changed)
    changed = [each for each in looks if each.changed]
    low, high = log(1e-9), log(1e6)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _slope(exp(middle), seconds, changed) > 0 else (low, middle)
    rate = exp(low)
    curvature = rate * seconds
    for each in changed:
        x = max(rate * each.age, _LEAST_X)
        h = _change_within(x)
        curvature += each.count * h * (h + x - 1)
    return Rate(curvature, curvature / rate)


def _slope(rate: float, seconds: float, changed: Iterable[Looks]) -> float:
    """Of the logarithm of the posterior, by the logarithm of the rate."""
    found = sum(each.count * _change_within(max(rate * each.age, _LEAST_X)) for each in changed)
    return 0.5 + found - rate * seconds


def _change_within(expected: float) -> float:
    """`x / (exp(x) - 1)`: what a look that found a change adds to the slope."""
    return expected / expm1(expected) if expected < _MOST_X else 0.0


def _count(looks: Iterable[Looks]) -> float:
    return sum(each.count for each in looks)
