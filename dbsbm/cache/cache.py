"""The cache for threads: tasks, commands and everything else that is plain synchronous code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import redis

from dbsbm.cache.categories import Category
from dbsbm.cache.core import MARK_READ, Core, Entry
from dbsbm.cache.envelope import is_unread
from dbsbm.cache.guard import Guard
from dbsbm.cache.keys import Key, batches
from dbsbm.cache.lease import Leases
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.stats import Stats

T = TypeVar("T")


class Cache:
    """Reads and writes values by category. Threads may share it, and forks may inherit it.

    No method raises because of the server. When it is away, slow, full, read-only or wants another
    login, reads answer MISS and writes are dropped, within milliseconds, and both are counted.

    Args:
        client: A client from `connect`, or None for a cache that never holds anything.
        stats: Where to count; one of its own by default.
        clock: Seconds that only grow, for the breakers.
    """

    def __init__(
        self,
        client: redis.Redis | None,
        *,
        stats: Stats | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._core = Core(stats, clock)
        self._guard = Guard(client, self._core)
        self._leases = Leases(client, self._guard) if client is not None else None
        self._mark_read = client.register_script(MARK_READ) if client is not None else None

    @property
    def stats(self) -> Stats:
        """The counts of this cache."""
        return self._core.stats

    def get(self, key: Key) -> Any | Miss:
        """Return the value under a key, or MISS."""
        stored = self._guard.read((key,), lambda client: client.get(key.wire))
        if self._guard.knows_outdated(key) or (is_unread(stored) and self._vanished([key])):
            stored = None
        return self._core.opened(key, stored)

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return the values that are there, in one round trip for 200 keys."""
        found: dict[Key, Any] = {}
        for batch in batches(keys):
            found.update(self._core.opened_many(self._get_batch(batch)))
        return found

    def set(self, key: Key, value: object, *, ttl: timedelta | None = None) -> bool:
        """Store a value, over whatever is there.

        Use `get_or_load` for a value that was read from somewhere: storing it with this method
        would undo an invalidation that happened between the reading and the storing.

        Args:
            key: Its name.
            value: What `dbsbm.cache.codec.encode` can write; None is a value.
            ttl: Its lifetime, where that is shorter than its category's.

        Returns:
            True if the server has stored it.

        Raises:
            EncodeError: The value would not come back as it is.
        """
        entry = self._core.sealed(key, value, ttl)
        if entry is None:
            return False
        data, px = entry.data, entry.ttl_ms
        answer = self._guard.write((key,), lambda client: client.set(key.wire, data, px=px))
        return self._core.count_store(key, entry, answer)

    def set_many(self, values: Mapping[Key, object], *, ttl: timedelta | None = None) -> int:
        """Store values in one round trip for 200 keys.

        Returns:
            How many of them the server has stored.

        Raises:
            EncodeError: A value would not come back as it is; nothing was stored.
        """
        sealed = {key: self._core.sealed(key, value, ttl) for key, value in values.items()}
        entries = {key: entry for key, entry in sealed.items() if entry is not None}
        return sum(
            self._set_batch({key: entries[key] for key in batch}) for batch in batches(entries)
        )

    def get_or_load(self, key: Key, loader: Callable[[], T], *, ttl: timedelta | None = None) -> T:
        """Return the value under a key, or else what the loader returns, which is then stored.

        It is not stored if the key was invalidated since the load began, if another load of it is
        under way, or if it cannot be encoded, which is logged as an error.

        Args:
            key: The name of the value.
            loader: Gets the value from where it comes; whatever it raises is passed on.
            ttl: The lifetime of a loaded value, where that is shorter than its category's.
        """
        value: T | Miss = self.get(key)
        if value is not MISS:
            return value
        if self._leases is None:
            return self._load(key.category, loader)
        return self._load_leased(self._leases, key, loader, ttl)

    def invalidate(self, *keys: Key) -> bool:
        """Remove values, and keep loads of them that are under way from being stored.

        What the server cannot be told now it is told as soon as it answers, before this cache
        believes it again.

        Returns:
            True if the server has confirmed it.
        """
        confirmed = [self._guard.remove(batch) for batch in batches(keys)]
        return all(confirmed)

    def invalidate_category(self, category: Category) -> bool:
        """Remove every value of a category, which takes a walk over all keys of the server.

        Returns:
            True if the server has confirmed it.
        """
        return self._guard.remove_category(category)

    def _get_batch(self, batch: Sequence[Key]) -> dict[Key, bytes | None]:
        wires, nothing = [key.wire for key in batch], [None] * len(batch)
        answer = self._guard.read(batch, lambda client: client.mget(wires), nothing)
        stored = dict(zip(batch, answer, strict=True))
        unread = [key for key, item in stored.items() if is_unread(item)]
        gone = {*self._vanished(unread), *filter(self._guard.knows_outdated, batch)}
        return {key: None if key in gone else item for key, item in stored.items()}

    def _vanished(self, unread: Sequence[Key]) -> Sequence[Key]:
        """Mark values as read, and return the keys of those that are no longer there."""
        script, wires = self._mark_read, [key.wire for key in unread]
        if script is None or not wires:
            return []
        present = self._guard.touch(unread, lambda _: script(wires))
        return [key for key, there in zip(unread, present or (), strict=False) if not there]

    def _set_batch(self, entries: Mapping[Key, Entry]) -> int:
        answers = self._guard.write(list(entries), lambda client: _set_all(client, entries))
        stored = 0
        for (key, entry), answer in zip(
            entries.items(), answers or [False] * len(entries), strict=True
        ):
            if isinstance(answer, Exception):
                self._core.failed((key,), answer)
            stored += self._core.count_store(key, entry, answer)
        return stored

    def _load(self, category: Category, loader: Callable[[], T]) -> T:
        began = time.perf_counter_ns()
        try:
            return loader()
        finally:
            self.stats.loaded(category, time.perf_counter_ns() - began)

    def _load_leased(
        self, leases: Leases, key: Key, loader: Callable[[], T], ttl: timedelta | None
    ) -> T:
        taken: tuple[T | Miss, bytes | None] = leases.take(key)
        found, lease = taken
        if found is not MISS:
            return found
        entry = None
        try:
            value = self._load(key.category, loader)
            entry = self._core.sealed_or_logged(key, value, ttl)
            if entry is not None:
                filled = lease is not None and leases.fill(key, lease, entry)
                self._core.count_store(key, entry, filled)
        finally:
            if entry is None and lease is not None:
                leases.give_back(key, lease)
        return value


def _set_all(client: redis.Redis, entries: Mapping[Key, Entry]) -> list[Any]:
    """Send all, and return an answer or an exception for each; raise if none was stored."""
    pipeline = client.pipeline(transaction=False)
    for key, entry in entries.items():
        pipeline.set(key.wire, entry.data, px=entry.ttl_ms)
    answers = pipeline.execute(raise_on_error=False)
    if all(isinstance(answer, Exception) for answer in answers):
        raise answers[0]
    return answers
