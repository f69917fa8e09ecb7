"""The keys that a process reads most, of late, found in a fixed few kilobytes.

Counting every key would take memory for every key. Kept here are a few counters: when they are
all taken, each is lowered by the middle one's count and those that are used up make room. A key
that is frequent survives that, and is told too little by at most what was taken from each. (Misra,
Gries 1982; Anderson et al.: A High-Performance Algorithm for Identifying Frequent Items in Data
Streams, 2017.) Counts fade with a half-life: instead of lowering what is old, what is new counts
more, and once in a while all is scaled down. (Cormode et al.: Forward Decay, 2009.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter
from statistics import median_low
from threading import Lock
from typing import Final

from dbsbm.cache.forks import renew_after_fork

COUNTERS: Final = 128
"""Each takes up to 400 bytes with a key of the longest kind, so all of them less than 64 KB."""

HOT: Final = 0.1
"""Share of all reads from which on a key counts as hot."""

HALF_LIFE: Final = 0.75
"""Seconds: a key that takes a fifth of all reads is hot within two of these, and cold again too."""

_FRESH_START: Final = 40.0  # half-lives, after which all is scaled down
_SURE: Final = 2.0  # standard deviations


@dataclass(frozen=True, slots=True)
class HotKey:
    """A key that is read often.

    Attributes:
        wire: The key on the server.
        count: Its reads of late; those of a half-life ago count half.
        share: Its part of all reads of late, 0 to 1.
    """

    wire: str
    count: float
    share: float


class HotKeys:
    """Counts reads by key. Threads may share it; a forked child begins at zero.

    Args:
        clock: Seconds that only grow.
        half_life: Seconds after which a read counts half.
        counters: Keys that are watched at a time.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        half_life: float = HALF_LIFE,
        counters: int = COUNTERS,
    ) -> None:
        self._clock = clock
        self._half_life = half_life
        self._size = counters
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin at zero."""
        self._lock = Lock()
        self._weights: dict[str, float] = {}
        self._total = 0.0
        self._epoch = self._clock()

    def add(self, wire: str, count: int = 1) -> None:
        """Count reads of a key."""
        self.add_many({wire: count})

    def add_many(self, counts: Mapping[str, int]) -> None:
        """Count reads of several keys at once."""
        with self._lock:
            unit = self._unit()
            for wire, count in counts.items():
                self._count(wire, count * unit)

    def top(self, n: int) -> list[HotKey]:
        """Return the keys that are read most, the hottest first.

        Counts are told too low by at most `2 / counters` of all reads, never too high.
        """
        with self._lock:
            unit, total = self._unit(), self._total
            hottest = nlargest(n, self._weights.items(), key=itemgetter(1))
        return [HotKey(wire, weight / unit, weight / total) for wire, weight in hottest]

    def hot(self, share: float = HOT) -> list[HotKey]:
        """Return the keys that surely take a share of all reads, the hottest first.

        Three reads out of ten prove nothing yet: the lower end of Wilson's interval must reach the
        share.
        """
        return [key for key in self.top(math.ceil(1 / share)) if _at_least(key) >= share]

    def _unit(self) -> float:
        """Return what one read counts now, relative to those from before."""
        half_lives = (self._clock() - self._epoch) / self._half_life
        if half_lives < _FRESH_START:
            return math.exp2(half_lives)
        self._scale(math.exp2(-half_lives))
        self._epoch = self._clock()
        return 1.0

    def _scale(self, factor: float) -> None:
        self._total *= factor
        scaled = {wire: weight * factor for wire, weight in self._weights.items()}
        self._weights = {wire: weight for wire, weight in scaled.items() if weight}

    def _count(self, wire: str, weight: float) -> None:
        self._total += weight
        self._weights[wire] = self._weights.get(wire, 0.0) + weight
        if len(self._weights) > self._size:
            self._make_room()

    def _make_room(self) -> None:
        middle = median_low(self._weights.values())
        self._weights = {
            wire: weight - middle for wire, weight in self._weights.items() if weight > middle
        }


def _at_least(key: HotKey) -> float:
    """Return the lower end of Wilson's interval for a key's share (E. B. Wilson, 1927)."""
    share, reads = key.share, key.count / key.share
    square = _SURE * _SURE
    spread = _SURE * math.sqrt((share * (1 - share) + square / (4 * reads)) / reads)
    return (share + square / (2 * reads) - spread) / (1 + square / reads)
