"""The cache for coroutines: what the bot reads while a member types."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar, Unpack

import redis.asyncio

from dbsbm.cache.categories import Category
from dbsbm.cache.decorator import AsyncCached, cached_async
from dbsbm.cache.engine import reading, writing
from dbsbm.cache.engine.arrivals import arrival
from dbsbm.cache.engine.coroutines import Coroutines, wait_for
from dbsbm.cache.engine.flights import Flight, Landed, value_for_follower
from dbsbm.cache.engine.front import Front, Settings
from dbsbm.cache.engine.loading import lead
from dbsbm.cache.engine.refreshing import refresh
from dbsbm.cache.engine.request import Request, refuse_recursion
from dbsbm.cache.engine.sealing import seal_or_log
from dbsbm.cache.engine.steps import Flow
from dbsbm.cache.keys import Key, batches
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.naming import PartsOf, TagsOf
from dbsbm.cache.tags import Guard, tag_names, tag_wires

P = ParamSpec("P")
T = TypeVar("T")

DEADLINE: Final = 0.15
"""Seconds for all calls of a method, connecting included: autocomplete has three in all."""


class AsyncCache(Front):
    """The same values, keys and counts as `Cache`, for one event loop.

    Its methods raise nothing but what a loader raises, and what `Cache.get_or_load` raises.

    Args:
        client: A client from `connect_async`, or None for a cache that never holds anything.
        deadline: Seconds after which calls to the server are given up; a load may take longer.
        settings: See `Front`. The channel, a thread of its own, has a client from `connect`.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis | None,
        *,
        deadline: float = DEADLINE,
        **settings: Unpack[Settings],
    ) -> None:
        super().__init__(**settings)
        self._client = client
        self._coroutines = Coroutines(self._core.gate, client, deadline)
        self._awaited: list[Callable[[], Awaitable[object]]] = []

    async def get(self, key: Key) -> Any | Miss:
        """Return the value under a key, or MISS."""
        entry = self.copy_of(key.wire)
        if entry is not None:
            return entry.value if entry.copy is None else entry.copy(entry.value)
        return await self._run(reading.get(self._core, key))

    async def get_many(self, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return the values that are there, in one round trip for 200 keys."""
        found, absent = self._copies(keys)
        for batch in batches(absent):
            found.update(await self._run(reading.get_many(self._core, batch)))
        return found

    async def set(self, key: Key, value: object, *, ttl: timedelta | None = None) -> bool:
        """Store a value, and tell whether the server has it.

        A value that cannot be encoded is logged as an error and not stored. See `Cache.set`.
        """
        if not self._core.server_clock.is_known:
            await self._run(reading.tell_time(self._core))
        sealed = seal_or_log(self._core, key, value, ttl)
        return sealed is not None and await self._run(writing.store(self._core, key, sealed))

    async def set_many(self, values: Mapping[Key, object], *, ttl: timedelta | None = None) -> int:
        """Store values in one round trip for 200 keys; returns how many are stored. See `set`."""
        if not self._core.server_clock.is_known:
            await self._run(reading.tell_time(self._core))
        sealed = {key: seal_or_log(self._core, key, value, ttl) for key, value in values.items()}
        whole = {key: each for key, each in sealed.items() if each is not None}
        stored = 0
        for batch in batches(whole):
            chunk = {key: whole[key] for key in batch}
            stored += await self._run(writing.store_many(self._core, chunk))
        return stored

    async def get_or_load(
        self,
        key: Key,
        loader: Callable[[], Awaitable[T]],
        *,
        ttl: timedelta | None = None,
        tags: Sequence[str] = (),
        deadline: timedelta | None = None,
        background: bool = True,
    ) -> T:
        """Return the value under a key, or else what the loader returns. See `Cache.get_or_load`.

        The loader runs in a task of its own: it goes on for the others, and to be stored, when the
        caller is cancelled.
        """
        entry = self.lasting_copy_of(key.wire)
        value: T
        if entry is not None and len(entry.tags) >= len(tags):
            value = entry.value
            return value if entry.copy is None else entry.copy(value)
        if deadline is not None and not background:
            raise ValueError("a load with a deadline runs in the background")
        request = Request(key, loader, ttl, tag_names(tags), background)
        value = await self._get_or_load(request, deadline)
        return value

    async def refresh(
        self,
        key: Key,
        loader: Callable[[], Awaitable[T]],
        *,
        ttl: timedelta | None = None,
        tags: Sequence[str] = (),
    ) -> T:
        """Load a value anew and store it. See `Cache.refresh`."""
        request = Request(key, loader, ttl, tag_names(tags))
        refuse_recursion(self._core, key)
        renewed: T | Miss = await self._run(refresh(self._core, request))
        if renewed is not MISS:
            return renewed
        await self.invalidate(key)
        value: T = await self._get_or_load(request, None)
        return value

    def cached(
        self,
        category: Category,
        *,
        ttl: timedelta | None = None,
        tags: TagsOf | None = None,
        key: PartsOf | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[P, Awaitable[T]]], AsyncCached[P, T]]:
        """Return a decorator of coroutine functions. See `Cache.cached`."""
        return cached_async(self, category, ttl=ttl, tags=tags, key=key, name=name)

    async def invalidate(self, *keys: Key) -> bool:
        """Remove values. See `Cache.invalidate`."""
        if self._client is None:
            return True
        confirmed = [await self._run(writing.remove(self._core, batch)) for batch in batches(keys)]
        return all(confirmed)

    async def invalidate_tags(self, *tags: str) -> bool:
        """Remove the values that depend on one of the tags. See `Cache.invalidate_tags`."""
        return await self.release(None, tags)

    async def invalidate_category(self, category: Category) -> bool:
        """Remove every value of a category. See `Cache.invalidate_category`."""
        if self._client is None:
            return True
        return await self._run(writing.remove_category(self._core, category))

    async def guard(self, tags: Sequence[str], *, for_ms: int) -> Guard | None:
        """Invalidate what depends on tags, and have nothing stored by them. See `Cache.guard`."""
        if self._client is None or not tags:
            return None
        return await self._run(writing.guard(self._core, tag_names(tags), for_ms))

    async def release(self, token: Guard | None, tags: Sequence[str]) -> bool:
        """Invalidate what depends on tags, and lift their guard. See `Cache.release`."""
        if self._client is None or not tags:
            return True
        return await self._run(writing.release(self._core, token, tag_names(tags)))

    async def close(self) -> None:
        """Stop watching the server, and count what was read last.

        The client stays open, unless `open_async_cache` has opened it.
        """
        await asyncio.to_thread(self._stop)
        while self._awaited:
            await self._awaited.pop()()

    def on_close_await(self, closer: Callable[[], Awaitable[object]]) -> None:
        """Have something closed together with this cache, and wait for it."""
        self._awaited.append(closer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _get_or_load(self, request: Request, deadline: timedelta | None) -> Any:
        core, key = self._core, request.key
        refuse_recursion(core, key)
        names = tag_wires(request.tags)
        ends_at = None if deadline is None else core.clock() + deadline.total_seconds()
        while True:
            flight, leads = core.join(key, names)
            if leads:
                self._channel.start()
                self._coroutines.start(lead(core, request, flight))
            landed = await self._follow(flight, key, ends_at, followed=not leads)
            if landed is not None:
                return value_for_follower(landed)

    async def _follow(
        self, flight: Flight, key: Key, ends_at: float | None, *, followed: bool
    ) -> Landed | None:
        """Wait for a flight. None if it ended without a result, or is taken for lost."""
        core = self._core
        until = flight.began + core.load_limit(key)
        if ends_at is not None:
            until = min(until, ends_at)
        await wait_for(flight.future, max(0.0, until - core.clock()))
        return arrival(core, flight, key, ends_at=ends_at, followed=followed)

    async def _run(self, flow: Flow[T]) -> T:
        self._channel.start()
        return await self._coroutines.run(flow)
