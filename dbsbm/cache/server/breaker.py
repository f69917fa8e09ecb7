"""A circuit breaker: after the first failure nobody waits for a server that does not answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from dbsbm.cache.forks import renew_after_fork

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 1.0
"""Seconds. Short, because a cache that is back but unused costs more than a probe a second."""


class Breaker:
    """Closed, it admits every call. The first failure opens it, and it admits nobody for a pause.

    Then it is half open: one caller goes through as the probe while the others are still turned
    away. A probe that succeeds closes the breaker, one that fails doubles the pause. Every change
    between open and closed is one line in the log.

    Where somebody else watches the server, callers do not probe: they are turned away until the
    watcher reports a success.

    Args:
        name: What is broken, for the log: `cache`.
        clock: Seconds that only grow.
        watched: Tells whether somebody watches the server now.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], float] = time.monotonic,
        watched: Callable[[], bool] = lambda: False,
    ) -> None:
        self._name = name
        self._clock = clock
        self._watched = watched
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin closed."""
        self._lock = Lock()
        self._probe_at: float | None = None
        self._opened_at = 0.0
        self._pause = FIRST_PAUSE

    @property
    def is_open(self) -> bool:
        """True while calls are turned away, but for probes."""
        return self._probe_at is not None

    @property
    def opened_at(self) -> float:
        """When it was opened last."""
        return self._opened_at

    def admits(self) -> bool:
        """Tell whether to make the call. Whoever is told so reports how it went."""
        if self._probe_at is None:
            return True
        if self._watched():
            return False
        with self._lock:
            return self._probe_at is None or self._claim_probe(self._probe_at)

    def _claim_probe(self, probe_at: float) -> bool:
        now = self._clock()
        if now < probe_at:
            return False
        # Should the prober die, the next one is let through after another pause.
        self._probe_at = now + self._pause
        return True

    def succeeded(self) -> None:
        """Close, if it was open."""
        if self._probe_at is None:
            return
        with self._lock:
            was_open, self._probe_at = self._probe_at is not None, None
            self._pause = FIRST_PAUSE
        if was_open:
            log.info(
                "The %s works again after %.1f s.",
                self._name,
                self._clock() - self._opened_at,
                extra={"action": "cache.closed_breaker"},
            )

    def failed(self, error: Exception) -> None:
        """Open, or stay open for longer."""
        with self._lock:
            was_open, now = self._probe_at is not None, self._clock()
            self._pause = min(self._pause * 2, LONGEST_PAUSE) if was_open else FIRST_PAUSE
            self._probe_at = now + self._pause
            self._opened_at = self._opened_at if was_open else now
        if not was_open:
            log.warning(
                "The %s does not work and is left out until it does: %s",
                self._name,
                error,
                extra={"action": "cache.opened_breaker", "error": type(error).__name__},
            )
