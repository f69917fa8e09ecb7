"""A wall clock that jumps, in this process alone."""

from __future__ import annotations

import time


class WallClock:
    """Stands in for `time.time` and `time.time_ns`, from before anything else is imported."""

    def __init__(self) -> None:
        self._ahead = 0
        self._real = time.time_ns
        time.time = lambda: self._now() / 1e9
        time.time_ns = self._now

    def jump(self, seconds: float) -> None:
        """Be so much ahead of the true time from now on, or behind it."""
        self._ahead = round(seconds * 1e9)

    def _now(self) -> int:
        return self._real() + self._ahead
