"""Which calls to the server are made, and what is learned from how they go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import redis

from dbsbm.cache.engine.steps import Call
from dbsbm.cache.keys import Key
from dbsbm.cache.server.breaker import Breaker
from dbsbm.cache.stats import Stats

_REFUSED_WRITES: Final = ("MISCONF", "NOREPLICAS")


class Gate:
    """Two breakers, because reads may work where writes do not: on a replica, on a full server.

    Attributes:
        link: Guards every call.
        writes: Guards those that store.

    Args:
        stats: Where to count what is not made or fails.
        clock: Seconds that only grow.
        is_watched: Tells whether somebody else finds out when the server is back.
    """

    def __init__(
        self, stats: Stats, clock: Callable[[], float], is_watched: Callable[[], bool]
    ) -> None:
        self.link = Breaker("cache", clock, is_watched)
        self.writes = Breaker("cache for writing", clock)
        self._stats = stats
        self._is_watched = is_watched

    def admits(self, call: Call) -> bool:
        """Tell whether to make a call."""
        if call.kind in {"write", "touch"} and not self.writes.admits():
            return False
        return call.kind == "debt" or self.link.admits()

    def skipped(self, call: Call) -> None:
        """Count a call that was not made, unless nobody misses it."""
        if call.kind != "touch":
            self._count_failure(call.keys)

    def succeeded(self, call: Call) -> None:
        """Take a call as a sign of life, where nobody else looks for such."""
        if not self._is_watched():
            self.link.succeeded()
        if call.kind == "write":
            self.writes.succeeded()

    def failed(self, call: Call, error: Exception) -> None:
        """Count a call that failed, and open the breaker that it concerns."""
        self._count_failure(call.keys)
        if _refuses_writes(error):
            self.writes.failed(error)
        elif not _concerns_one_command(error):
            self.link.failed(error)

    def _count_failure(self, keys: Iterable[Key]) -> None:
        for category in {key.category for key in keys}:
            self._stats.failed(category)


def _refuses_writes(error: Exception) -> bool:
    if isinstance(error, redis.exceptions.ReadOnlyError | redis.exceptions.OutOfMemoryError):
        return True
    return isinstance(error, redis.ResponseError) and str(error).startswith(_REFUSED_WRITES)


def _concerns_one_command(error: Exception) -> bool:
    """The server is well: it answered, and only this command was wrong for this key."""
    return isinstance(error, redis.ResponseError) and str(error).startswith("WRONGTYPE")
