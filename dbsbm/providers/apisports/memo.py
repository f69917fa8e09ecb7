"""The last answers of a day's games, for the few seconds in which they are still new.

One answer holds the games of all leagues of a sport, so five soccer leagues that are refreshed one
after the other cost one call instead of five.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """Keeps a few values for a few seconds. Safe to share between threads."""

    def __init__(
        self, *, seconds: float, entries: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._entries = entries
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, key: str) -> T | None:
        """Return the value, or None when there is none or it is too old."""
        with self._lock:
            expires, value = self._kept.get(key, (0.0, None))
            return value if self._clock() < expires else None

    def put(self, key: str, value: T) -> None:
        """Keep the value, dropping the oldest when there are too many."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (self._clock() + self._seconds, value)
            if len(self._kept) > self._entries:
                self._kept.popitem(last=False)
