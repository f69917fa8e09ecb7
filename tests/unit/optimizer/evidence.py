"""Evidence made up for one rule: what a test does not name is there and empty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dbsbm.cache.categories import Category
from dbsbm.monitor.counting.series import labels_text
from dbsbm.optimizer.fleet.evidence import CacheMemory, Counters, Evidence, Total

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
    }
    return Evidence(**{**everything, **parts})


def counters(*totals: Total) -> Counters:
    return Counters(totals)


def total(name: str, value: float, highest: float | None = None, /, **labels: str) -> Total:
    peak = value if highest is None else highest
    return Total(name, labels_text(labels.items()), value, peak)
