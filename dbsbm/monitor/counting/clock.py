"""The broker's time, which all processes agree on, told by a clock that does not jump."""

from __future__ import annotations

import time
from collections.abc import Callable

MINUTE = 60

# An answer that took longer says too little about when it was given.
_PROMPT_SECONDS = 1.0


class Clock:
    """The broker's time as far as this process knows it.

    Between two deliveries a monotonic clock carries on, so a host whose clock is set, by hand or
    by NTP, counts in the right minute. Until the broker is first asked the host is believed.
    """

    def __init__(self, monotonic: Callable[[], float] = time.perf_counter) -> None:
        self.monotonic = monotonic
        self.offset = time.time() - monotonic()

    def now(self) -> float:
        """Unix time by the broker's clock."""
        return self.monotonic() + self.offset

    def at(self, told: float) -> float:
        """Unix time by the broker's clock, of a moment that was read from `time.perf_counter`."""
        return told + self.offset

    def learn(self, told: float, asked: float) -> None:
        """Correct the clock.

        Args:
            told: The broker's time in its answer.
            asked: `monotonic()` when it was asked; the answer is taken to have come just now.
        """
        answered = self.monotonic()
        if answered - asked < _PROMPT_SECONDS:
            self.offset = told - (asked + answered) / 2
