"""A cache as the checker must never let pass: it tells the server, and does not listen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dbsbm.cache import Cache, Key


class DeafCache:
    """Keeps what it was given first for ever; writes go to the true cache.

    Args:
        cache: The true one.
    """

    def __init__(self, cache: Cache) -> None:
        self._kept: dict[Key, Any] = {}
        self.guard = cache.guard
        self.release = cache.release
        self.invalidate = cache.invalidate

    def get_or_load(self, key: Key, loader: Callable[[], Any], *, tags: Sequence[str] = ()) -> Any:
        """Load at the first call only."""
        if key not in self._kept:
            self._kept[key] = loader()
        return self._kept[key]
