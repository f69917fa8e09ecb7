"""One way to the rows: through a cache, each read checked against the board."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from dbsbm.cache import Cache, Category, Key
from tests.checker.board import Board
from tests.checker.counts import Counts
from tests.checker.plan import Plan
from tests.checker.truth import Row, Truth

_SECOND = 1_000_000_000


def key_of(number: int) -> Key:
    """The cache key of a row."""
    return Key.of(Category.DB_QUERY, "checked", number)


class Inspector:
    """Knows the truth, and checks what a cache gave against it.

    Args:
        plan: Of the crew.
        who: Who reads, for examples.
    """

    def __init__(self, plan: Plan, who: str) -> None:
        self._who = who
        self._bound = round(plan.bound * _SECOND)
        self.truth = Truth(plan.database)
        self.board = Board(plan.board, plan.keys, plan.writers)

    def inspect(self, key: int, row: Row, began: int, counts: Counts) -> None:
        """Count a read that has just given a row, and what is wrong with it."""
        counts.reads += 1
        seconds = (time.monotonic_ns() - began) / _SECOND
        counts.slowest = max(counts.slowest, seconds)
        version = row["version"]
        for column in self.board.columns:
            if version < column[key]:
                self._behind(key, version, began, counts)
                break
        if row["token"] & 1:
            counts.phantoms += 1
            counts.say(f"{self._who} was given {row}, which was rolled back")

    def _behind(self, key: int, version: int, began: int, counts: Counts) -> None:
        since = self.board.outdated_since(key, version)
        if since is None or began <= since:
            return
        counts.stale += 1
        seconds = (began - since) / _SECOND
        counts.longest = max(counts.longest, seconds)
        if began - since > self._bound:
            counts.late += 1
            counts.say(f"{self._who} was given version {version} of {key}, {seconds:.3f} s late")


class Access(Inspector):
    """Reads rows through a cache.

    Args:
        plan: Of the crew.
        cache: The cache that is checked.
        who: Who reads, for examples.
    """

    def __init__(self, plan: Plan, cache: Cache, who: str) -> None:
        super().__init__(plan, who)
        self._readers = [self._reader(plan, cache, number) for number in range(plan.keys)]

    def read(self, key: int) -> Row:
        """Return what the cache gives a member, unchecked."""
        return self._readers[key]()

    def check(self, keys: Sequence[int], counts: Counts) -> None:
        """Read rows, one after another, and count what is wrong with what the cache gives."""
        readers, inspect, now = self._readers, self.inspect, time.monotonic_ns
        for key in keys:
            began = now()
            inspect(key, readers[key](), began, counts)

    def _reader(self, plan: Plan, cache: Cache, number: int) -> Callable[[], Row]:
        key, tags, truth, pause = key_of(number), plan.tags(number), self.truth, plan.load

        def load() -> Row:
            row = truth.read(number)
            if pause:
                time.sleep(pause)
            return row

        return lambda: cache.get_or_load(key, load, tags=tags)
