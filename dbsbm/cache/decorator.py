"""Caching what a function returns.

@cache.cached(Category.GAME_DATA, tags=["t:games"])
def games(league: str) -> list[Game]: ...
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.cache.naming import Naming, PartsOf, TagsOf

if TYPE_CHECKING:
    from dbsbm.cache.aio import AsyncCache
    from dbsbm.cache.cache import Cache

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Cached(Protocol[P, T_co]):
    """A function whose values are cached."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Return the value for these arguments, cached or new."""

    def key(self, *args: P.args, **kwargs: P.kwargs) -> Key:
        """Return the key of the value for these arguments."""

    def invalidate(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Remove the value for these arguments; see `Cache.invalidate`."""

    def refresh(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Load the value for these arguments anew; see `Cache.refresh`."""


class AsyncCached(Protocol[P, T_co]):
    """A coroutine function whose values are cached."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T_co]:
        """Return the value for these arguments, cached or new."""

    def key(self, *args: P.args, **kwargs: P.kwargs) -> Key:
        """Return the key of the value for these arguments."""

    def invalidate(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[bool]:
        """Remove the value for these arguments; see `Cache.invalidate`."""

    def refresh(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T_co]:
        """Load the value for these arguments anew; see `Cache.refresh`."""


def cached(
    cache: Cache,
    category: Category,
    *,
    ttl: timedelta | None = None,
    tags: TagsOf | None = None,
    key: PartsOf | None = None,
    name: str | None = None,
) -> Callable[[Callable[P, T]], Cached[P, T]]:
    """Return a decorator. See `Cache.cached`."""

    def decorate(function: Callable[P, T]) -> Cached[P, T]:
        naming = Naming(function, category, name=name, key=key, tags=tags)
        remembered, copy_of = naming.remembered.get, cache.lasting_copy_of

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            if not kwargs:
                # The way of most calls, without a step that is not needed.
                try:
                    named = remembered((*args, *map(type, args)))
                except TypeError:
                    named = None
                if named is not None:
                    entry = copy_of(named.key.wire)
                    if entry is not None:
                        value: T = entry.value
                        return value if entry.copy is None else entry.copy(value)
            named = naming.named(args, kwargs)
            load = functools.partial(function, *args, **kwargs)
            return cache.get_or_load(named.key, load, ttl=ttl, tags=named.tags)

        def refresh(*args: P.args, **kwargs: P.kwargs) -> T:
            named = naming.named(args, kwargs)
            load = functools.partial(function, *args, **kwargs)
            return cache.refresh(named.key, load, ttl=ttl, tags=named.tags)

        _dress(wrapper, cache, naming, refresh)
        return cast(Cached[P, T], wrapper)

    return decorate


def cached_async(
    cache: AsyncCache,
    category: Category,
    *,
    ttl: timedelta | None = None,
    tags: TagsOf | None = None,
    key: PartsOf | None = None,
    name: str | None = None,
) -> Callable[[Callable[P, Awaitable[T]]], AsyncCached[P, T]]:
    """Return a decorator of coroutine functions. See `Cache.cached`."""

    def decorate(function: Callable[P, Awaitable[T]]) -> AsyncCached[P, T]:
        naming = Naming(function, category, name=name, key=key, tags=tags)

        @functools.wraps(function)
        async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            named = naming.named(args, kwargs)
            load = functools.partial(function, *args, **kwargs)
            return await cache.get_or_load(named.key, load, ttl=ttl, tags=named.tags)

        async def refresh(*args: P.args, **kwargs: P.kwargs) -> T:
            named = naming.named(args, kwargs)
            load = functools.partial(function, *args, **kwargs)
            return await cache.refresh(named.key, load, ttl=ttl, tags=named.tags)

        _dress(wrapper, cache, naming, refresh)
        return cast(AsyncCached[P, T], wrapper)

    return decorate


def _dress(
    wrapper: Any, cache: Cache | AsyncCache, naming: Naming, refresh: Callable[..., Any]
) -> None:
    """Give a cached function its methods, and the cache its name."""

    def key_of(*args: Any, **kwargs: Any) -> Key:
        return naming.named(args, kwargs).key

    def invalidate(*args: Any, **kwargs: Any) -> Any:
        return cache.invalidate(key_of(*args, **kwargs))

    wrapper.key, wrapper.invalidate, wrapper.refresh = key_of, invalidate, refresh
    if naming.name in cache.functions:
        raise ValueError(
            f"two cached functions are called {naming.name}: give one of them another `name`, or "
            "they would read each other's values"
        )
    cache.functions[naming.name] = wrapper
