"""The sandbox's time: the real one, until a test moves it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Aware UTC time that can be moved forward.

    Args:
        now: Where the time comes from.
    """

    def __init__(self, now: Callable[[], datetime] = _utc_now) -> None:
        self._now = now
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the sandbox's time."""
        return self._now() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the time forward, so that games end while a test watches."""
        self._ahead += timedelta(seconds=seconds)
