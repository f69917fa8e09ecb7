"""A process's copy of one value, with what is to be known of it to serve it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dbsbm.cache.categories import Category

# What an entry takes beside its value and its names, in this module's and the policy's tables.
_ENTRY_BYTES: Final = 400
_TAG_BYTES: Final = 300


@dataclass(slots=True, eq=False)
class LocalEntry:
    """A process's copy of a value that the server has confirmed.

    Attributes:
        wire: The key on the server.
        category: What kind of value it is.
        value: The value. Nobody may change it: see `copy`.
        copy: Makes of the value one that a caller may change; None where the value cannot be.
        size: Bytes that the value takes in memory.
        expires_at: From when on it counts as stale, in seconds of the channel's clock.
        refresh_at: From when on somebody should load it anew, in the same seconds.
        tags: The names that it depends on.
    """

    wire: str
    category: Category
    value: Any
    copy: Callable[[Any], Any] | None
    size: int
    expires_at: float
    refresh_at: float
    tags: tuple[str, ...]

    @property
    def weight(self) -> int:
        """Bytes that the entry takes in memory, with all that is kept about it."""
        return self.size + _ENTRY_BYTES + sys.getsizeof(self.wire) + _TAG_BYTES * len(self.tags)
