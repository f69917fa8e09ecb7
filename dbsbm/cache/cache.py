"""The cache for threads: tasks, commands and everything else that is plain synchronous code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, Unpack

import redis

from dbsbm.cache.categories import Category
from dbsbm.cache.decorator import Cached, cached
from dbsbm.cache.engine import reading, writing
from dbsbm.cache.engine.arrivals import arrival, count_landing
from dbsbm.cache.engine.flights import Flight, Landed, value_for_follower
from dbsbm.cache.engine.front import Front, Settings
from dbsbm.cache.engine.loading import lead
from dbsbm.cache.engine.refreshing import refresh
from dbsbm.cache.engine.request import Request, refuse_recursion
from dbsbm.cache.engine.sealing import seal
from dbsbm.cache.engine.steps import Flow
from dbsbm.cache.engine.threads import OnRead, Threads, wait_for
from dbsbm.cache.keys import Key, batches
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.naming import PartsOf, TagsOf
from dbsbm.cache.tags import Guard, tag_names, tag_wires

P = ParamSpec("P")
T = TypeVar("T")


class Cache(Front):
    """Reads and writes values by category. Threads may share it, and forks may inherit it.

    No method raises because of the server. When it is away, slow, full, read-only or wants another
    login, reads answer MISS and writes are dropped, within milliseconds, and both are counted.

    Args:
        client: A client from `connect`, or None for a cache that never holds anything.
        settings: See `dbsbm.cache.engine.front.Settings`.
    """

    def __init__(self, client: redis.Redis | None, **settings: Unpack[Settings]) -> None:
        super().__init__(**settings)
        self._client = client
        self._threads = Threads(self._core.gate, client, self._pool)

    def get(self, key: Key) -> Any | Miss:
        """Return the value under a key, or MISS."""
        entry = self.copy_of(key.wire)
        if entry is not None:
            return entry.value if entry.copy is None else entry.copy(entry.value)
        return self._run(reading.get(self._core, key))

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return the values that are there, in one round trip for 200 keys."""
        found, absent = self._copies(keys)
        for batch in batches(absent):
            found.update(self._run(reading.get_many(self._core, batch)))
        return found

    def set(self, key: Key, value: object, *, ttl: timedelta | None = None) -> bool:
        """Store a value, over whatever is there.

        Use `get_or_load` for a value that was read from somewhere: storing it with this method
        would undo an invalidation that happened between the reading and the storing.

        Args:
            key: Its name.
            value: What `dbsbm.cache.values.codec.pack` can write; None is a value.
            ttl: Its lifetime, where that is shorter than its category's.

        Returns:
            True if the server has stored it.

        Raises:
            EncodeError: The value would not come back as it is.
        """
        if not self._core.server_clock.is_known:
            self._run(reading.tell_time(self._core))
        sealed = seal(self._core, key, value, ttl)
        return sealed is not None and self._run(writing.store(self._core, key, sealed))

    def set_many(self, values: Mapping[Key, object], *, ttl: timedelta | None = None) -> int:
        """Store values in one round trip for 200 keys.

        Returns:
            How many of them the server has stored.

        Raises:
            EncodeError: A value would not come back as it is; nothing was stored.
        """
        if not self._core.server_clock.is_known:
            self._run(reading.tell_time(self._core))
        sealed = {key: seal(self._core, key, value, ttl) for key, value in values.items()}
        whole = {key: each for key, each in sealed.items() if each is not None}
        return sum(
            self._run(writing.store_many(self._core, {key: whole[key] for key in batch}))
            for batch in batches(whole)
        )

    def get_or_load(
        self,
        key: Key,
        loader: Callable[[], T],
        *,
        ttl: timedelta | None = None,
        tags: Sequence[str] = (),
        deadline: timedelta | None = None,
        background: bool = True,
    ) -> T:
        """Return the value under a key, or else what the loader returns, which is then stored.

        All callers that want the same value at the same time wait for one load, in whichever
        process it is. A value that is past its time, but not past its grace, is returned at once
        and loaded anew in the background; so is one that is about to end. If that fails, it is
        served until its grace is over.

        What was loaded is not stored if the key or one of the tags was invalidated since the load
        began, if a writer guards one of the tags, or if it cannot be encoded, which is logged as
        an error.

        Args:
            key: The name of the value.
            loader: Gets the value from where it comes; whatever it raises is passed on to all who
                wait for it.
            ttl: The lifetime of a loaded value, where that is shorter than its category's.
            tags: What the value depends on; see `invalidate_tags`.
            deadline: How long to wait for the load. It runs in the background then, and goes on.
            background: Whether another thread than the caller's may call the loader, also after
                the caller has gone on. Where not, the caller itself loads anew what is about to
                end or past its time, unless somebody else does, and gets the old value if that
                fails.

        Raises:
            LoadTimeout: The load was not done before the deadline.
            RecursiveLoad: The loader of this key asks for this key.
            ValueError: There is a deadline, and the loader must not run in the background.
        """
        if deadline is not None and not background:
            raise ValueError("a load with a deadline runs in the background")
        entry = self.lasting_copy_of(key.wire)
        value: T
        if entry is not None and len(entry.tags) >= len(tags):
            value = entry.value
            return value if entry.copy is None else entry.copy(value)
        value = self._get_or_load(Request(key, loader, ttl, tag_names(tags), background), deadline)
        return value

    def refresh(
        self,
        key: Key,
        loader: Callable[[], T],
        *,
        ttl: timedelta | None = None,
        tags: Sequence[str] = (),
    ) -> T:
        """Load a value anew and store it; until then the others are served the one that is there.

        Args and raises: see `get_or_load`.
        """
        request = Request(key, loader, ttl, tag_names(tags))
        refuse_recursion(self._core, key)
        renewed: T | Miss = self._run(refresh(self._core, request))
        if renewed is not MISS:
            return renewed
        self.invalidate(key)
        value: T = self._get_or_load(request, None)
        return value

    def cached(
        self,
        category: Category,
        *,
        ttl: timedelta | None = None,
        tags: TagsOf | None = None,
        key: PartsOf | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[P, T]], Cached[P, T]]:
        """Return a decorator: a function's value is loaded by calling it, once for its arguments.

        Arguments of different types make different values: 1, True and "1" are three.

        Args:
            category: What kind of value the function returns.
            ttl: Its lifetime, where that is shorter than its category's.
            tags: What the value depends on; or a function of the same arguments that returns it.
            key: A function of the same arguments that returns the parts of the key, where the
                arguments themselves are not what tells values apart.
            name: What the function is called in every process and release; its module and
                qualified name by default.

        Raises:
            ValueError: Another function of this cache has this name.
        """
        return cached(self, category, ttl=ttl, tags=tags, key=key, name=name)

    def invalidate(self, *keys: Key) -> bool:
        """Remove values, and keep loads of them that are under way from being stored.

        What the server cannot be told now it is told as soon as it answers, before this cache
        believes it again.

        Returns:
            True if the server has confirmed it.
        """
        if self._client is None:
            return True
        confirmed = [self._run(writing.remove(self._core, batch)) for batch in batches(keys)]
        return all(confirmed)

    def invalidate_tags(self, *tags: str) -> bool:
        """Remove the values that depend on one of the tags, like `invalidate`.

        It costs the same however many values there are.

        Returns:
            True if the server has confirmed it.
        """
        return self.release(None, tags)

    def invalidate_category(self, category: Category) -> bool:
        """Remove every value of a category, which takes a walk over all keys of the server.

        Returns:
            True if the server has confirmed it.
        """
        if self._client is None:
            return True
        return self._run(writing.remove_category(self._core, category))

    def guard(self, tags: Sequence[str], *, for_ms: int) -> Guard | None:
        """Invalidate what depends on tags that are about to change, and have nothing stored.

        Call it before the commit, and `release` after it: then no process can read the old state
        and store it as the new one, not even if this process ends between the two.

        Args:
            tags: What changes.
            for_ms: Milliseconds after which the guard lapses if it is not released.

        Returns:
            What to give to `release`, None if the server could not be told.
        """
        if self._client is None or not tags:
            return None
        return self._run(writing.guard(self._core, tag_names(tags), for_ms))

    def release(self, token: Guard | None, tags: Sequence[str]) -> bool:
        """Invalidate what depends on tags that have changed, and lift their guard.

        Call it after the commit in any case, with None where there is no guard.

        Returns:
            True if the server has confirmed it; else it is told as soon as it answers.
        """
        if self._client is None or not tags:
            return True
        return self._run(writing.release(self._core, token, tag_names(tags)))

    def watch_reads(self, on_read: OnRead) -> None:
        """Have something told of each read of one key that goes to the server."""
        self._threads.on_read = on_read

    def close(self) -> None:
        """Stop watching the server, and count what was read last.

        The client stays open, unless `open_cache` has opened it.
        """
        self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _get_or_load(self, request: Request, deadline: timedelta | None) -> Any:
        core, key = self._core, request.key
        refuse_recursion(core, key)
        names = tag_wires(request.tags)
        ends_at = None if deadline is None else core.clock() + deadline.total_seconds()
        while True:
            flight, leads = core.join(key, names)
            if leads and ends_at is None:
                return self._lead(flight, request)
            if leads:
                self._channel.start()
                self._threads.run_or_hand_over(lead(core, request, flight))
            landed = self._follow(flight, key, ends_at, followed=not leads)
            if landed is not None:
                return value_for_follower(landed)

    def _lead(self, flight: Flight, request: Request) -> Any:
        core, key = self._core, request.key
        try:
            landed = self._run(lead(core, request, flight))
        except BaseException:
            core.stats.missed(key.category)
            raise
        count_landing(core, key, landed)
        return landed.value

    def _follow(
        self, flight: Flight, key: Key, ends_at: float | None, *, followed: bool
    ) -> Landed | None:
        """Wait for a flight. None if it ended without a result, or is taken for lost."""
        core = self._core
        until = flight.began + core.load_limit(key)
        if ends_at is not None:
            until = min(until, ends_at)
        wait_for(flight.future, max(0.0, until - core.clock()))
        return arrival(core, flight, key, ends_at=ends_at, followed=followed)

    def _run(self, flow: Flow[T]) -> T:
        self._channel.start()
        return self._threads.run(flow)
