"""What the rules look at, as plain data: each part is there, or says why it is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dbsbm.cache.categories import Category, Policy
from dbsbm.monitor.counting.series import parse_labels
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.games import GameLoad
from dbsbm.optimizer.missing import Missing

UNREAD = Missing("This part of the evidence was not read.")


@dataclass(frozen=True, slots=True)
class Total:
    """One series over the window: the sum and the highest of its samples."""

    name: str
    labels: str
    sum: float
    highest: float


class Counters:
    """What was counted in the window, by name and labels."""

    def __init__(self, totals: Iterable[Total]) -> None:
        self._totals: dict[str, list[tuple[dict[str, str], Total]]] = defaultdict(list)
        for total in totals:
            self._totals[total.name].append((parse_labels(total.labels), total))

    def sum(self, name: str, **labels: str) -> float:
        """Sum over all series of the name that carry these labels."""
        return sum(total.sum for total in self._matching(name, labels))

    def highest(self, name: str, **labels: str) -> float:
        """Highest sample of the name with these labels, 0 where there is none."""
        return max((total.highest for total in self._matching(name, labels)), default=0.0)

    def by_label(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Value of `label` -> sum, over the series of the name that carry `labels`."""
        sums: dict[str, float] = defaultdict(float)
        for found, total in self._totals.get(name, ()):
            if label in found and labels.items() <= found.items():
                sums[found[label]] += total.sum
        return dict(sums)

    def _matching(self, name: str, labels: Mapping[str, str]) -> Iterable[Total]:
        return (
            total for found, total in self._totals.get(name, ()) if labels.items() <= found.items()
        )


@dataclass(frozen=True, slots=True)
class SlowQuery:
    """A row of `slow_statements`; its numbers are since it was first seen."""

    fingerprint: str
    text: str
    calls: int
    total_seconds: float
    worst_seconds: float
    plan: list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Table:
    """What an index could be made of.

    Attributes:
        columns: Those that an index can hold whole.
        indexes: Columns of each index and of the primary key, in their order.
    """

    columns: frozenset[str]
    indexes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Work of one kind that was given up in the window and not replayed.

    Attributes:
        before: How many were given up in the window before this one.
    """

    source: str
    task: str
    count: int
    before: int


@dataclass(frozen=True, slots=True)
class OverdueEffects:
    """Effects of one task that were promised and have not happened.

    Attributes:
        oldest: Age of the oldest.
        attempts: Most attempts of one.
    """

    task: str
    count: int
    oldest: timedelta
    attempts: int


@dataclass(frozen=True, slots=True)
class CacheMemory:
    """The cache server's memory.

    Attributes:
        max_bytes: Its limit; 0 is none.
        policy: What it does at the limit, such as `allkeys-lfu`.
    """

    used_bytes: int
    max_bytes: int
    policy: str


@dataclass(frozen=True, slots=True)
class JobRuns:
    """The newest slots of one job of the schedule that were run.

    Attributes:
        runs: How many ended.
        interval_seconds: From one slot to the next, the median.
        overlapped: How many were not over when the next slot was due.
        p95_seconds: Quantile 0.95 of the time from being sent to its end.
        longest_seconds: The longest.
    """

    job: str
    runs: int
    interval_seconds: float
    overlapped: int
    p95_seconds: float
    longest_seconds: float


@dataclass(frozen=True, slots=True)
class HotKey:
    """A key that is read often.

    Attributes:
        wire: The key on the server.
        category: None where this release does not know it.
        reads_per_second: About how often it is read and found, at least.
        share: Its part of all such reads, 0 to 1.
    """

    wire: str
    category: Category | None
    reads_per_second: float
    share: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All the rules may look at.

    Attributes:
        since: Start of the window.
        until: Its end: now.
        covered: How much of the window has samples.
        counters: Sums over the window.
        evicted_keys: Keys that the cache's server evicted in the window.
        policies: How each category of the cache is kept now, with what operators changed.
        tables: The tables that slow statements name.
        curves: What the counters are the sums of, by steps of ten minutes.
        trends: What grows, over two weeks by steps of hours.
        jobs: The schedule's jobs that ran.
        hot_keys: What was read most in the last minutes, the hottest first.
        statements: The texts of statements that tasks repeat, by fingerprint.
        games: When games start, and the tasks of the last week.
    """

    since: datetime
    until: datetime
    dialect: str
    covered: timedelta | Missing
    counters: Counters | Missing
    evicted_keys: int | Missing
    policies: Mapping[Category, Policy] | Missing
    slow_queries: tuple[SlowQuery, ...] | Missing
    tables: Mapping[str, Table] | Missing
    dead_letters: tuple[DeadLetters, ...] | Missing
    overdue_effects: tuple[OverdueEffects, ...] | Missing
    cache_memory: CacheMemory | Missing
    curves: Curves | Missing = UNREAD
    trends: Curves | Missing = UNREAD
    jobs: tuple[JobRuns, ...] | Missing = UNREAD
    hot_keys: tuple[HotKey, ...] | Missing = UNREAD
    statements: Mapping[str, str] | Missing = UNREAD
    games: GameLoad | Missing = UNREAD
