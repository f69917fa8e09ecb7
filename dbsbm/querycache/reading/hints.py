"""What results are thought to depend on, before they are loaded again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.keys import Key
from dbsbm.cache.miss import MISS
from dbsbm.querycache.reading.templates import Templates
from dbsbm.querycache.tags import GLOBAL_TAG

MOST: Final = 10_000
"""Results whose tags a process remembers by itself."""

NOTHING_KNOWN: Final = (GLOBAL_TAG,)


class Hints:
    """Remembers the tags of results, in this process and in the cache, or foretells them.

    Threads may share it.

    Args:
        cache: Tells the other processes.
        category: What kind of value that is.
    """

    def __init__(self, cache: Cache, category: Category) -> None:
        self._cache, self._category = cache, category
        self._templates = Templates()
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Remember nothing by oneself; the cache still does."""
        self._lock = Lock()
        self._own: OrderedDict[Key, tuple[str, ...]] = OrderedDict()

    def get(self, key: Key) -> tuple[str, ...]:
        """Return what the result under a key is thought to depend on."""
        known = self.own(key) or self._templates.foretell(key)
        if known is not None:
            return known
        told = self._cache.get(self._hint_key(key))
        if told is MISS:
            return NOTHING_KNOWN
        self._keep(key, told)
        return told  # type: ignore[no-any-return]  # it is what `put` stored

    def own(self, key: Key) -> tuple[str, ...] | None:
        """Return what this process remembers by itself."""
        with self._lock:
            if key in self._own:
                self._own.move_to_end(key)
            return self._own.get(key)

    def compare(self, key: Key, thought: tuple[str, ...], tags: tuple[str, ...]) -> None:
        """Learn from what the result under a key turned out to depend on.

        Args:
            key: The result's.
            thought: What it was thought to depend on.
            tags: What it does depend on.
        """
        self._templates.learn(key, tags)
        if set(thought) != set(tags):
            self.put(key, tags)

    def put(self, key: Key, tags: tuple[str, ...]) -> None:
        """Remember what the result under a key depends on."""
        self._keep(key, tags)
        self._cache.set(self._hint_key(key), tags)

    def _keep(self, key: Key, tags: tuple[str, ...]) -> None:
        with self._lock:
            self._own[key] = tags
            self._own.move_to_end(key)
            if len(self._own) > MOST:
                self._own.popitem(last=False)

    def _hint_key(self, key: Key) -> Key:
        return Key.of(self._category, "reads", key.wire)
