"""Snowflakes: ids that carry the time they were made."""

from __future__ import annotations

from collections.abc import Callable

DISCORD_EPOCH_MS = 1_420_070_400_000
_SEQUENCE_BITS = 22


class Snowflakes:
    """Makes ids that grow with time and are never given twice.

    Args:
        wall: Seconds since the Unix epoch.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._last = 0

    def new(self) -> str:
        """Return the next id, as the decimal string that JSON carries."""
        stamp = (int(self._wall() * 1000) - DISCORD_EPOCH_MS) << _SEQUENCE_BITS
        self._last = max(stamp, self._last + 1)
        return str(self._last)
