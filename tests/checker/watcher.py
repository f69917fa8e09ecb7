"""A process that watches rows, and tells how long each new version took to be served."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from dbsbm.cache import Cache
from tests.checker.access import Access
from tests.checker.counts import Counts
from tests.checker.link import Handlers
from tests.checker.plan import Plan
from tests.checker.shift import Shift
from tests.checker.truth import Row

_REST = 0.0002


class Watcher:
    """One thread that reads every row again and again.

    Args:
        plan: Of the crew.
        name: This watcher's.
        cache: Its cache.
    """

    def __init__(self, plan: Plan, name: str, cache: Cache) -> None:
        self._keys = range(plan.keys)
        self._access = Access(plan, cache, name)
        self._shift = Shift([self._watch], _REST)
        # By key: the version that was served last, and when that read began.
        self._seen = dict.fromkeys(self._keys, (1, time.monotonic_ns()))

    @property
    def handlers(self) -> Handlers:
        """What it can be asked."""
        return {
            "start": self._shift.start,
            "stop": self._shift.stop,
            "counts": self._shift.counts,
            "serve": self.serve,
        }

    def serve(self, keys: Sequence[int]) -> dict[int, Row]:
        """Return what a member would be given."""
        return {key: self._access.read(key) for key in keys}

    def _watch(self, counts: Counts) -> None:
        for key in self._keys:
            began = time.monotonic_ns()
            version = self._access.read(key)["version"]
            counts.reads += 1
            counts.lags += self._lags(key, version, began)

    def _lags(self, key: int, version: int, began: int) -> Iterator[float]:
        """A version was late by as long as the last older read began after its commit."""
        last, before = self._seen[key]
        for newer in range(last + 1, version + 1):
            committed = self._access.board.moment(key, newer)
            if committed is not None:
                yield max(0, before - committed) / 1e9
        self._seen[key] = version, began
