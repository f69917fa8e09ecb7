"""A process that writes rows and tells the cache, as the product does."""

from __future__ import annotations

import os
import random
import signal
import time

from dbsbm.cache import Cache
from tests.checker.access import Access, key_of
from tests.checker.counts import Counts
from tests.checker.link import Handlers
from tests.checker.plan import GROUP, Plan, group_tag
from tests.checker.shift import Shift

_GROUP_WRITES = 0.1


class Writer:
    """One thread that writes.

    Args:
        plan: Of the crew.
        number: Which writer this is; the board has a column for it.
        cache: Its cache.
    """

    def __init__(self, plan: Plan, number: int, cache: Cache) -> None:
        self._plan = plan
        self._number = number
        self._cache = cache
        self._access = Access(plan, cache, f"writer-{number}")
        self._chosen = random.Random()
        self._told = 0
        self._shift = Shift([self._write_one], plan.pause)

    @property
    def handlers(self) -> Handlers:
        """What it can be asked."""
        return {
            "start": self._shift.start,
            "stop": self._shift.stop,
            "counts": self._shift.counts,
        }

    def _write_one(self, counts: Counts) -> None:
        keys = self._write()
        counts.writes += 1
        if self._plan.read_back:
            self._access.check(keys, counts)

    def _write(self) -> list[int]:
        key = self._chosen.choice(self._plan.focus(time.monotonic_ns()))
        if self._plan.by_name(key):
            return self._write_and_invalidate(key)
        if self._chosen.random() < _GROUP_WRITES:
            group = key // GROUP
            return self._write_guarded(self._plan.members(group), group_tag(group))
        return self._write_guarded([key], f"row:{key}")

    def _write_guarded(self, keys: list[int], tag: str) -> list[int]:
        """The way of a query cache: guard, commit, release."""
        dropped = self._chosen.random() < self._plan.rollbacks
        with self._access.truth.transaction(keys, int(dropped)) as versions:
            token = self._cache.guard([tag], for_ms=self._plan.guard_ms)
            if not dropped:
                self._access.truth.commit()
                self._note(versions)
        self._told += 1
        if self._told == self._plan.crash:
            os.kill(os.getpid(), signal.SIGKILL)
        self._cache.release(token, [tag])
        return keys

    def _write_and_invalidate(self, key: int) -> list[int]:
        """The way of plain code: commit, invalidate by name. It is done when both are."""
        with self._access.truth.transaction([key], 0) as versions:
            self._access.truth.commit()
        self._cache.invalidate(key_of(key))
        self._note(versions)
        return [key]

    def _note(self, versions: dict[int, int]) -> None:
        now = time.monotonic_ns()
        for key, version in versions.items():
            self._access.board.note(self._number, key, version, now)
