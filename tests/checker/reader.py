"""A process that reads through its cache as fast as it can, and answers what it would serve."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from dbsbm.cache import Cache
from tests.checker.access import Access
from tests.checker.clock import WallClock
from tests.checker.counts import Counts, Tally
from tests.checker.link import Handlers
from tests.checker.plan import Plan
from tests.checker.truth import Row

_BATCH = 64
_REST = 0.0005
"""Seconds between two batches: a thread that never rests keeps the others of its process waiting
for the interpreter, the one that hears of changes too."""


class Reader:
    """Threads that read.

    Args:
        plan: Of the crew.
        name: This reader's.
        cache: Its cache, which all its threads share.
        clock: This process's wall clock.
    """

    def __init__(self, plan: Plan, name: str, cache: Cache, clock: WallClock) -> None:
        self._plan = plan
        self._cache = cache
        self._access = Access(plan, cache, name)
        self._tally = Tally()
        self._clock = clock
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(f"{name}.{n}",)) for n in range(plan.threads)
        ]

    @property
    def handlers(self) -> Handlers:
        """What it can be asked."""
        return {
            "start": self.start,
            "stop": self.stop,
            "counts": self._tally.total,
            "serve": self.serve,
            "jump": self._clock.jump,
        }

    def start(self) -> None:
        """Begin to read."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> Counts:
        """Stop reading and return what was counted."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return self._tally.total()

    def serve(self, keys: Sequence[int]) -> dict[int, Row]:
        """Return what a member would be given."""
        return {key: self._access.read(key) for key in keys}

    def _run(self, seed: str) -> None:
        counts, chosen = self._tally.counter(), random.Random(seed)
        keys = range(self._plan.keys)
        while not self._stopped.wait(_REST):
            try:
                self._access.check(chosen.choices(keys, k=_BATCH), counts)
            except Exception as error:  # noqa: BLE001 - that a read raises is what is counted
                counts.errors += 1
                counts.say(f"{seed} raised {error!r}")
