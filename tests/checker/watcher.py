"""A process that watches rows, and tells how long each new version took to be served."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from dbsbm.cache import Cache
from tests.checker.access import Access
from tests.checker.counts import Counts
from tests.checker.link import Handlers
from tests.checker.plan import Plan
from tests.checker.truth import Row

_PAUSE = 0.0002


class Watcher:
    """One thread that reads every row, pauses so that it does not use up its processor, and again.

    Args:
        plan: Of the crew.
        name: This watcher's.
        cache: Its cache.
    """

    def __init__(self, plan: Plan, name: str, cache: Cache) -> None:
        self._keys = range(plan.keys)
        self._access = Access(plan, cache, name)
        self._counts = Counts()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        # By key: the version that was served last, and when that read began.
        self._seen = dict.fromkeys(self._keys, (1, time.monotonic_ns()))

    @property
    def handlers(self) -> Handlers:
        """What it can be asked."""
        return {
            "start": self._thread.start,
            "stop": self.stop,
            "counts": lambda: self._counts,
            "serve": self.serve,
        }

    def stop(self) -> Counts:
        """Stop watching and return what was counted."""
        self._stopped.set()
        self._thread.join()
        return self._counts

    def serve(self, keys: Sequence[int]) -> dict[int, Row]:
        """Return what a member would be given."""
        return {key: self._access.read(key) for key in keys}

    def _run(self) -> None:
        while not self._stopped.wait(_PAUSE):
            for key in self._keys:
                began = time.monotonic_ns()
                version = self._access.read(key)["version"]
                self._counts.reads += 1
                self._note(key, version, began)

    def _note(self, key: int, version: int, began: int) -> None:
        """A version was late by as long as the last older read began after its commit."""
        last, before = self._seen[key]
        for newer in range(last + 1, version + 1):
            committed = self._access.board.moment(key, newer)
            if committed is not None:
                self._counts.lags.append(max(0, before - committed) / 1e9)
        self._seen[key] = version, began
