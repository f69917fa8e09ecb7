"""Exact counts of what the cache did, by category, kept in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from operator import add, attrgetter, sub
from threading import Lock
from typing import Final

from dbsbm.cache.categories import Category
from dbsbm.cache.forks import renew_after_fork


@dataclass(slots=True)
class Counters:
    """Whole numbers, so that sums over processes stay exact.

    Attributes:
        hits: Reads that were answered with a value, from wherever.
        misses: Reads that were not, whatever the reason.
        sets: Values that the server stored.
        drops: Values that were not stored: too large, or the server failed or refused.
        errors: Calls that failed or, while the server is known to fail, were not made.
        invalidations: Keys and categories whose removal the server confirmed.
        loads: Times that a loader ran, also when it raised.
        load_ns: Nanoseconds spent in loaders.
        bytes_read: Size of the values that were hit, as stored.
        bytes_written: Size of the values that were stored.
        local_hits: Of the hits, those from this process's own copy.
        local_bytes: Of the bytes read, those from this process's own copy.
        stale: Of the hits, those past their time, served during a reload or for want of one.
        negative: Of the hits, those that found the answer "there is none".
        load_errors: Of the loads, those that raised.
        waits: Callers that waited for somebody else's load.
        refreshes: Loads of a value that was still there: early, or in the background.
        evictions: Copies that this process gave up for lack of room.
        rejected: Of the misses, those where something was stored that could not be believed:
            damaged, forged, or of another release.
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
    local_hits: int = 0
    local_bytes: int = 0
    stale: int = 0
    negative: int = 0
    load_errors: int = 0
    waits: int = 0
    refreshes: int = 0
    evictions: int = 0
    rejected: int = 0

    def __add__(self, other: Counters) -> Counters:
        return Counters(*map(add, _counts(self), _counts(other)))

    def __sub__(self, other: Counters) -> Counters:
        return Counters(*map(sub, _counts(self), _counts(other)))

    def __bool__(self) -> bool:
        return any(_counts(self))

    @property
    def hit_ratio(self) -> float | None:
        """Share of the reads that were hits, None before the first read."""
        reads = self.hits + self.misses
        return self.hits / reads if reads else None


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What loading a value anew has shown of the one that was there.

    Attributes:
        category: Its category.
        wire: Its key on the server.
        age: Seconds since it was stored.
        changed: The new one is another.
    """

    category: Category
    wire: str
    age: float
    changed: bool


COUNTER_NAMES: Final = tuple(field.name for field in fields(Counters))
_counts: Final = attrgetter(*COUNTER_NAMES)

Snapshot = Mapping[Category, Counters]


class Stats:
    """Counters of every category. Threads may share it; a forked child begins at zero.

    Attributes:
        on_reload: Is told what reloads have shown, of categories whose truth is outside.
    """

    def __init__(self) -> None:
        self._collectors: list[Callable[[], None]] = []
        self._on_load: Callable[[Category, float], None] | None = None
        self.on_reload: Callable[[Reloaded], None] | None = None
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin at zero."""
        self._lock = Lock()
        self._counters = {category: Counters() for category in Category}
        self._drained = {category: Counters() for category in Category}

    def collect_with(self, collector: Callable[[], None]) -> None:
        """Have something called before the counts are read, that adds what it counted itself."""
        self._collectors.append(collector)

    def watch_loads(self, on_load: Callable[[Category, float], None]) -> None:
        """Have something told of each load: its category and its seconds."""
        self._on_load = on_load

    def hit(
        self,
        category: Category,
        size: int,
        *,
        local: bool = False,
        stale: bool = False,
        negative: bool = False,
    ) -> None:
        """Count a read that found `size` bytes."""
        with self._lock:
            counters = self._counters[category]
            counters.hits += 1
            counters.bytes_read += size
            counters.stale += stale
            counters.negative += negative
            if local:
                counters.local_hits += 1
                counters.local_bytes += size

    def local_hits(self, category: Category, count: int, size: int) -> None:
        """Count reads that found this process's own copies, of `size` bytes together."""
        with self._lock:
            counters = self._counters[category]
            counters.hits += count
            counters.local_hits += count
            counters.bytes_read += size
            counters.local_bytes += size

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

    def loaded(self, category: Category, nanoseconds: int, *, failed: bool = False) -> None:
        """Count a run of a loader; it `failed` if it raised."""
        with self._lock:
            counters = self._counters[category]
            counters.loads += 1
            counters.load_ns += nanoseconds
            counters.load_errors += failed
        if self._on_load is not None:
            self._on_load(category, nanoseconds / 1e9)

    def waited(self, category: Category) -> None:
        """Count a caller that waited for somebody else's load."""
        with self._lock:
            self._counters[category].waits += 1

    def refreshed(self, category: Category) -> None:
        """Count a load, counted as such too, of a value that was still there."""
        with self._lock:
            self._counters[category].refreshes += 1

    def evicted(self, category: Category, count: int = 1) -> None:
        """Count copies that this process gave up for lack of room."""
        with self._lock:
            self._counters[category].evictions += count

    def rejected(self, category: Category) -> None:
        """Count a stored value that could not be believed; the miss is counted by itself."""
        with self._lock:
            self._counters[category].rejected += 1

    def snapshot(self) -> dict[Category, Counters]:
        """Return the counts since this process began."""
        self._collect()
        with self._lock:
            return {
                category: counters + Counters() for category, counters in self._counters.items()
            }

    def drain(self) -> dict[Category, Counters]:
        """Return the counts since the last drain, without the categories that had none."""
        self._collect()
        with self._lock:
            fresh = {}
            for category, counters in self._counters.items():
                if delta := counters - self._drained[category]:
                    fresh[category] = delta
                    self._drained[category] = counters + Counters()
            return fresh

    def _collect(self) -> None:
        """Outside of the lock, which the collectors take to add what they counted."""
        for collector in self._collectors:
            collector()
