"""Time as the cache needs it: seconds that only grow here, and the time at the server."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from dbsbm.cache.forks import renew_after_fork

# The monotonic clock may stand still while a machine sleeps, and copies would outlive the sleep.
uptime: Final[Callable[[], float]] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_BOOTTIME")
    else time.monotonic
)
"""Seconds since the machine started, its sleep included where the system can tell."""

REMEMBERED: Final = 16
"""Measurements of which the quickest is taken for the truest."""

SERVES_FOR: Final = 60.0
"""Seconds that a measurement may be used. Clocks drift apart by well under 0.1 ms a second."""


class ServerClock:
    """The server's time, from what it was asked and when it answered.

    Lifetimes begin and end by it, so that every process agrees on them, and nothing happens to
    them when the clock of one machine jumps. Threads may share it.

    Args:
        clock: Seconds that only grow, such as `uptime`.
    """

    def __init__(self, clock: Callable[[], float] = uptime) -> None:
        self._clock = clock
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Know nothing."""
        self._measured: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)
        self._offset = time.time() - self._clock()
        self._serves_until = float("-inf")

    @property
    def is_known(self) -> bool:
        """False until the server has told its time, and when that was too long ago."""
        return self._clock() < self._serves_until

    def measured(self, sent_at: float, server: tuple[int, int]) -> None:
        """Take the answer of TIME to a question that was sent at `sent_at`."""
        now = self._clock()
        server_time = server[0] + server[1] / 1e6
        if now >= self._serves_until:
            self._measured.clear()
        # It was read between the asking and now: half the way is off by half the way at most.
        self._measured.append((now - sent_at, server_time - (sent_at + now) / 2))
        self._offset = min(tuple(self._measured))[1]
        self._serves_until = now + SERVES_FOR

    def now_ms(self) -> int:
        """Return milliseconds since 1970 by the server's clock; by ours while it is unknown."""
        return int((self._clock() + self._offset) * 1000)

    def here(self, server_ms: float) -> float:
        """Return when, by the clock of this process, it will be `server_ms` at the server."""
        return server_ms / 1000 - self._offset
