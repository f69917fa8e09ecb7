"""A process that reads through its cache as fast as it can, and answers what it would serve."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence

from dbsbm.cache import Cache
from tests.checker.access import Access
from tests.checker.clock import WallClock
from tests.checker.link import Handlers
from tests.checker.plan import Plan
from tests.checker.shift import Job, Shift
from tests.checker.truth import Row

BATCH = 64
REST = 0.0005


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
        self._access = Access(plan, cache, name)
        self._clock = clock
        jobs = [self._job(f"{name}.{number}") for number in range(plan.threads)]
        self._shift = Shift(jobs, REST)

    @property
    def handlers(self) -> Handlers:
        """What it can be asked."""
        return {
            "start": self._shift.start,
            "stop": self._shift.stop,
            "counts": self._shift.counts,
            "serve": self.serve,
            "jump": self._clock.jump,
        }

    def serve(self, keys: Sequence[int]) -> dict[int, Row]:
        """Return what a member would be given."""
        return {key: self._access.read(key) for key in keys}

    def _job(self, seed: str) -> Job:
        picks = picked_keys(self._plan, seed)
        return lambda counts: self._access.check(next(picks), counts)


def picked_keys(plan: Plan, seed: str) -> Iterator[list[int]]:
    """Yield keys to read: now those that are being written, now any, to see what became of them."""
    chosen = random.Random(seed)
    while True:
        yield chosen.choices(plan.focus(time.monotonic_ns()), k=BATCH)
        yield chosen.choices(range(plan.keys), k=BATCH)
