"""Exact counts of what the cache did, by category, kept in this process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from operator import add, attrgetter, sub
from threading import Lock
from typing import Final

from dbsbm.cache.categories import Category
from dbsbm.cache.forks import renew_after_fork


@dataclass(slots=True)
class Counters:
    """Whole numbers, so that sums over processes stay exact.

    Attributes:
        hits: Reads that were answered with a value.
        misses: Reads that were not, whatever the reason.
        sets: Values that the server stored.
        drops: Values that were not stored: too large, or the server failed or refused.
        errors: Calls that failed or, while the server is known to fail, were not made.
        invalidations: Keys and categories whose removal the server confirmed.
        loads: Times that a loader ran, also when it raised.
        load_ns: Nanoseconds spent in loaders.
        bytes_read: Size of the values that were hit, as stored.
        bytes_written: Size of the values that were stored.
    """

    hits: int = 0
    misses: int = 0
    sets: int = 0
    drops: int = 0
    errors: int = 0
    invalidations: int = 0
    loads: int = 0
    load_ns: int = 0
    bytes_read: int = 0
    bytes_written: int = 0

    def __add__(self, other: Counters) -> Counters:
        return Counters(*map(add, _counts(self), _counts(other)))

    def __sub__(self, other: Counters) -> Counters:
        return Counters(*map(sub, _counts(self), _counts(other)))

    def __bool__(self) -> bool:
        return any(_counts(self))

    @property
    def load_seconds(self) -> Decimal:
        """Seconds spent in loaders."""
        return Decimal(self.load_ns).scaleb(-9)

    @property
    def hit_ratio(self) -> float | None:
        """Share of the reads that were hits, None before the first read."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else None


COUNTER_NAMES: Final = tuple(field.name for field in fields(Counters))
_counts: Final = attrgetter(*COUNTER_NAMES)

Snapshot = Mapping[Category, Counters]


class Stats:
    """Counters of every category. Threads may share it; a forked child begins at zero."""

    def __init__(self) -> None:
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin at zero."""
        self._lock = Lock()
        self._counters = {category: Counters() for category in Category}
        self._drained = {category: Counters() for category in Category}

    def hit(self, category: Category, size: int) -> None:
        """Count a read that found `size` bytes."""
        with self._lock:
            counters = self._counters[category]
            counters.hits += 1
            counters.bytes_read += size

    def missed(self, category: Category, count: int = 1) -> None:
        """Count reads that found nothing."""
        with self._lock:
            self._counters[category].misses += count

    def stored(self, category: Category, size: int) -> None:
        """Count a value of `size` bytes that the server stored."""
        with self._lock:
            counters = self._counters[category]
            counters.sets += 1
            counters.bytes_written += size

    def dropped(self, category: Category, count: int = 1) -> None:
        """Count values that were not stored."""
        with self._lock:
            self._counters[category].drops += count

    def failed(self, category: Category) -> None:
        """Count a call that failed or was not made."""
        with self._lock:
            self._counters[category].errors += 1

    def invalidated(self, category: Category) -> None:
        """Count a removal that the server confirmed."""
        with self._lock:
            self._counters[category].invalidations += 1

    def loaded(self, category: Category, nanoseconds: int) -> None:
        """Count a run of a loader."""
        with self._lock:
            counters = self._counters[category]
            counters.loads += 1
            counters.load_ns += nanoseconds

    def snapshot(self) -> dict[Category, Counters]:
        """Return the counts since this process began."""
        with self._lock:
            return {
                category: counters + Counters() for category, counters in self._counters.items()
            }

    def drain(self) -> dict[Category, Counters]:
        """Return the counts since the last drain, without the categories that had none."""
        with self._lock:
            fresh = {}
            for category, counters in self._counters.items():
                if delta := counters - self._drained[category]:
                    fresh[category] = delta
                    self._drained[category] = counters + Counters()
            return fresh
