"""How often a source is read that is asked more often than it changes, and when it is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import redis


class Pace:
    """Lets something happen once in so many seconds, and at once the first time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: float | None = None

    def is_due(self) -> bool:
        """True where the time has come; the next turn counts from now."""
        now = monotonic()
        if self._last is not None and now - self._last < self._seconds:
            return False
        self._last = now
        return True


def unless_away(source: Callable[[], None]) -> Callable[[], None]:
    """A source that gives up quietly while the broker is away: the recorder says so, once."""

    def read() -> None:
        with suppress(redis.RedisError):
            source()

    return read
