"""The cache for coroutines: what the bot reads while a member types."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import redis.asyncio

from dbsbm.cache.core import FAILURES, MARK_READ, Core
from dbsbm.cache.envelope import is_unread
from dbsbm.cache.keys import Key
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.stats import Stats

DEADLINE: Final = 0.15
"""Seconds for a whole method, connecting included: autocomplete has three in all."""


class AsyncCache:
    """The same values, keys and counts as `Cache`, for one event loop. Its methods never raise.

    Args:
        client: A client from `connect_async`, or None for a cache that never holds anything.
        stats: Where to count; one of its own by default.
        deadline: Seconds after which a method gives up.
        clock: Seconds that only grow, for the breakers.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis | None,
        *,
        stats: Stats | None = None,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._core = Core(stats, clock)
        self._deadline = deadline
        self._mark_read = client.register_script(MARK_READ) if client is not None else None

    @property
    def stats(self) -> Stats:
        """The counts of this cache."""
        return self._core.stats

    async def get(self, key: Key) -> Any | Miss:
        """Return the value under a key, or MISS."""
        return (await self.get_many([key])).get(key, MISS)

    async def get_many(self, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return the values that are there, in one round trip."""
        unique, ends_at = list(dict.fromkeys(keys)), self._ends_at()
        if not unique:
            return {}
        wires, nothing = [key.wire for key in unique], [None] * len(unique)
        answer = await self._call(unique, lambda client: client.mget(wires), nothing, ends_at)
        stored = dict(zip(unique, answer, strict=True))
        for key in await self._vanished([k for k in unique if is_unread(stored[k])], ends_at):
            stored[key] = None
        return self._core.opened_many(stored)

    async def set(self, key: Key, value: object, *, ttl: timedelta | None = None) -> bool:
        """Store a value, and tell whether the server has it.

        A value that cannot be encoded is logged as an error and not stored. See `Cache.set`.
        """
        entry = self._core.sealed_or_logged(key, value, ttl)
        if entry is None:
            return False
        answer, data, px = None, entry.data, entry.ttl_ms
        if self._core.writes.admits():
            answer = await self._call(
                [key], lambda client: client.set(key.wire, data, px=px), None, self._ends_at()
            )
        else:
            self._core.skipped([key])
        if answer is not None:
            self._core.writes.succeeded()
        return self._core.count_store(key, entry, answer)

    async def _vanished(self, unread: Sequence[Key], ends_at: float) -> Sequence[Key]:
        """Mark values as read, and return the keys of those that are no longer there."""
        script, wires = self._mark_read, [key.wire for key in unread]
        if script is None or not wires or not self._core.writes.admits():
            return []
        present = await self._call(unread, lambda _: script(wires), (), ends_at)
        return [key for key, there in zip(unread, present, strict=False) if not there]

    async def _call(
        self,
        keys: Sequence[Key],
        command: Callable[[redis.asyncio.Redis], Awaitable[Any]],
        otherwise: Any,
        ends_at: float,
    ) -> Any:
        """Call the server unless it is known to be away; see `dbsbm.cache.guard`."""
        if self._client is None:
            return otherwise
        if not self._core.link.admits():
            self._core.skipped(keys)
            return otherwise
        try:
            async with asyncio.timeout_at(ends_at):
                answer = await command(self._client)
        except FAILURES as error:
            self._core.failed(keys, error)
            return otherwise
        self._core.link.succeeded()
        return answer

    def _ends_at(self) -> float:
        return asyncio.get_running_loop().time() + self._deadline
