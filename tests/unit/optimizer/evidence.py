"""Evidence made up for one rule: what a test does not name is there and empty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dbsbm.cache.categories import Category
from dbsbm.monitor.counting.series import labels_text
from dbsbm.optimizer.fleet.curves import Curve, Curves, Reading
from dbsbm.optimizer.fleet.evidence import CacheMemory, Counters, Evidence, Total
from dbsbm.optimizer.fleet.games import GameLoad

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def evidence(**parts: Any) -> Evidence:
    everything: dict[str, Any] = {
        "since": NOW - timedelta(hours=24),
        "until": NOW,
        "dialect": "mysql",
        "covered": timedelta(hours=24),
        "counters": Counters([]),
        "evicted_keys": 0,
        "policies": {category: category.policy for category in Category},
        "slow_queries": (),
        "tables": {},
        "dead_letters": (),
        "overdue_effects": (),
        "cache_memory": CacheMemory(1000, 2000, "allkeys-lfu"),
        "curves": Curves([]),
        "trends": Curves([]),
        "jobs": (),
        "hot_keys": (),
        "statements": {},
        "games": GameLoad((), {}),
    }
    return Evidence(**{**everything, **parts})


def counters(*totals: Total) -> Counters:
    return Counters(totals)


def total(name: str, value: float, highest: float | None = None, /, **labels: str) -> Total:
    peak = value if highest is None else highest
    return Total(name, labels_text(labels.items()), value, peak)


STEP = 600.0


def curve(
    name: str,
    values: Sequence[float | None],
    *,
    kind: str = "gauge",
    step: float = STEP,
    count: float = 1,
    **labels: str,
) -> Curve:
    """A curve that ends now; None is a step in which nothing was measured.

    A gauge shows each value; of a counter or distribution each is the step's sum, of `count`.
    """
    start = NOW.timestamp() - step * len(values)
    readings = [
        Reading(
            start + step * place, count, value * count if kind == "gauge" else value, value, value
        )
        for place, value in enumerate(values)
        if value is not None
    ]
    return Curve(name, labels, kind, step, readings)


def curves(*found: Curve) -> Curves:
    return Curves(found)
