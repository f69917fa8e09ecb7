"""What reloads have shown of a category whose truth is outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import floor, log10
from typing import Any, Final

from dbsbm.cache.categories import Category, Policy
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.learning.granting import BUDGET
from dbsbm.optimizer.learning.lifetimes import (
    KeyClass,
    Looks,
    learn,
    least_stale,
    longest_ttl,
    most_stale,
)

_SHORTEST: Final = timedelta(seconds=1)  # that a policy can have


@dataclass(frozen=True, slots=True)
class Learned:
    """A category by its classes of keys.

    Attributes:
        classes: By the first part of their keys.
        ttl: The longest lifetime that surely keeps to the budget, rounded down.
    """

    classes: Mapping[str, KeyClass]
    ttl: timedelta

    @property
    def looks(self) -> float:
        """Reloads that were believed."""
        return sum(each.looks for each in self.classes.values())

    @property
    def changes(self) -> float:
        """Reloads that found another value."""
        return sum(each.changes for each in self.classes.values())

    @property
    def has_shifted(self) -> bool:
        """Some class changes otherwise than hours ago."""
        return any(each.has_shifted for each in self.classes.values())

    def least_stale(self, ttl: timedelta) -> float:
        """Share of the hits that are stale at the very least."""
        return least_stale(list(self.classes.values()), ttl.total_seconds())

    def most_stale(self, ttl: timedelta) -> float:
        """Share of the hits that are stale at the very most."""
        return most_stale(list(self.classes.values()), ttl.total_seconds())

    def evidence(self, policy: Policy) -> dict[str, Any]:
        """The numbers behind a finding."""
        return {
            "ttl_seconds": policy.ttl.total_seconds(),
            "learned_ttl_seconds": self.ttl.total_seconds(),
            "stale_budget": BUDGET,
            "stale_share_bounds": (self.least_stale(policy.ttl), self.most_stale(policy.ttl)),
            "reloads": self.looks,
            "changed": self.changes,
            "has_shifted": self.has_shifted,
            "by_class": {name: _spelled(each) for name, each in self.classes.items()},
        }


def learned(curves: Curves, category: Category) -> Learned | None:
    """What is learned of a category; None where nothing of it was loaded anew."""
    table_ttl = category.ttl.total_seconds()
    classes = {
        family: found
        for family, looks in sorted(_looks(curves, category).items())
        if (found := learn(looks, table_ttl)) is not None
    }
    if not classes:
        return None
    ttl = longest_ttl(list(classes.values()), BUDGET)
    return Learned(classes, max(_SHORTEST, timedelta(seconds=_rounded_down(ttl))))


def _looks(curves: Curves, category: Category) -> dict[str, Sequence[Looks]]:
    found: dict[str, list[Looks]] = defaultdict(list)
    for curve in curves.of("cache.reload_age", category=category.value):
        changed = curve.labels.get("changed") == "yes"
        found[curve.labels.get("family", "other")] += [
            Looks(each.at, each.count, each.mean, changed) for each in curve.readings if each.count
        ]
    return {family: looks for family, looks in found.items() if looks}


def _rounded_down(seconds: float) -> float:
    """Two digits, as a person would write it."""
    if seconds <= 0:
        return 0.0
    unit = 10.0 ** (floor(log10(seconds)) - 1)
    return max(1.0, floor(seconds / unit) * unit)


def _spelled(found: KeyClass) -> dict[str, float]:
    return {
        "reloads": found.looks,
        "changed_share": found.changes / found.looks,
        "mean_age_seconds": found.age,
        "changes_an_hour": found.rate.mean * 3600,
        "changes_an_hour_at_most": found.upper * 3600,
    }
