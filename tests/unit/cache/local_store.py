"""A store whose hits, evictions and clock a test can see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from dbsbm.cache.categories import Category
from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.local.store import LocalStore

ROOM = 1 << 20


def entry(wire: str, value: Any = "value", **changes: Any) -> LocalEntry:
    """Return an entry that never ends."""
    fields = {
        "category": Category.GUILD_DATA,
        "copy": None,
        "size": 100,
        "expires_at": 1e9,
        "refresh_at": 1e9,
        "tags": (),
    }
    return LocalEntry(wire=wire, value=value, **(fields | changes))


class Watched:
    """A store and what it told.

    Attributes:
        store: The store.
        hits: How often each wire was hit, as told.
        evicted: Wires, in the order in which they had to go.
        now: The time, to be set.
    """

    def __init__(self, max_bytes: int = ROOM) -> None:
        self.hits: Counter[str] = Counter()
        self.evicted: list[str] = []
        self.now = 0.0
        self.store = LocalStore(
            max_bytes,
            on_hits=self._count,
            on_evict=lambda gone: self.evicted.append(gone.wire),
            clock=lambda: self.now,
        )

    def put(self, *entries: LocalEntry) -> None:
        """Put entries that nothing overtakes."""
        for each in entries:
            assert self.store.put(each, self.store.sequence)

    def _count(self, hits: Mapping[LocalEntry, int]) -> None:
        for each, count in hits.items():
            self.hits[each.wire] += count
