"""Functions of a session whose results are kept until something that they read has changed.

What a function depends on is known only after it ran: the tags of every query that it made. They
are remembered beside its result, and the next call asks for the result by them; a call with other
arguments asks by what follows from those of an earlier call, see `templates`. A load begins with
the stamps of the tags that are thought of; where the function then turns out to depend on others,
its result is given but not kept, and the others are remembered. So wrong or lost tags cost a load,
and never make a result outlive what it was made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial, update_wrapper
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.errors import NotKept
from dbsbm.cache.keys import Key
from dbsbm.cache.naming import Naming
from dbsbm.querycache.reading.collecting import Collector, add_tags, collecting, current_collector
from dbsbm.querycache.reading.hints import NOTHING_KNOWN, Hints
from dbsbm.querycache.reading.keys import database_name
from dbsbm.querycache.reading.loading import get_or_load
from dbsbm.querycache.reading.sessions import refuse_changed, refuse_used
from dbsbm.querycache.refusals import Reason, Refusal

P = ParamSpec("P")
T = TypeVar("T")
Asker = Session | Connection

_MOST_UNKEPT_LOADS: Final = 4
"""Loads of others that are not kept, after which a caller loads past the cache."""


@dataclass(frozen=True, slots=True)
class Means:
    """What cached functions share.

    Attributes:
        cache: Keeps the results.
        hints: Remembers what results depend on.
        admit: Returns the engine of a session or connection whose transaction may use the cache;
            raises Refusal for others.
        refused: Told of every refusal.
    """

    cache: Cache
    hints: Hints
    admit: Callable[[Asker], Engine]
    refused: Callable[[Refusal], None]


class CachedFunction(Generic[P, T]):
    """A function of a session or connection, whose results are kept.

    Made by `QueryCache.cached`. Its results must be what `dbsbm.cache.values.codec` can write: rows
    and values, not entities of the session. It must only read, and all that it reads by that
    session or connection; otherwise its result is given, and not kept.

    Attributes:
        name: What its results are called, before the database and the arguments.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Any, P], T],
        means: Means,
        category: Category,
        ttl: timedelta | None,
        name: str | None,
    ) -> None:
        update_wrapper(self, function)
        self._function, self._means = function, means
        self._category, self._ttl = category, ttl
        self.name = name or f"{function.__module__}.{function.__qualname__}"
        self._namings: dict[str, Naming] = {}

    def __call__(self, asker: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of a call with these arguments."""
        call = _Call(self._function, asker, args, kwargs)
        try:
            refuse_used(asker)
            engine = self._means.admit(asker)
            key = self._key(engine, args, kwargs)
        except Refusal as refusal:
            self._means.refused(refusal)
            return call.function(asker, *args, **kwargs)
        return self._kept(key, engine, call)

    def key(self, asker: Asker, /, *args: P.args, **kwargs: P.kwargs) -> Key:
        """Return the key of the result of a call with these arguments.

        Raises:
            Refusal: Such a call is not cached.
        """
        return self._key(self._means.admit(asker), args, kwargs)

    def invalidate(self, asker: Asker, /, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Forget the result of a call, because of something that no query told of.

        Returns:
            True if the cache's server has confirmed it.

        Raises:
            Refusal: Such a call is not cached.
        """
        return self._means.cache.invalidate(self.key(asker, *args, **kwargs))

    def _key(self, engine: Engine, args: Any, kwargs: Any) -> Key:
        try:
            return self._naming(database_name(engine)).named(args, kwargs).key
        except (TypeError, ValueError) as error:
            raise Refusal(Reason.ARGUMENT, str(error)) from None

    def _naming(self, database: str) -> Naming:
        """Return what names calls by their arguments past the session, for one database."""
        naming = self._namings.get(database)
        if naming is None:
            past_session = partial(self._function, None)
            name = f"{self.name}@{database}"
            naming = Naming(past_session, self._category, name=name, key=None, tags=None)
            self._namings[database] = naming
        return naming

    def _kept(self, key: Key, engine: Engine, call: _Call[T]) -> T:
        for _attempt in range(_MOST_UNKEPT_LOADS):
            run = _Run(call, key, self._means)
            try:
                tags, result = get_or_load(self._means.cache, key, run.load, run.tags, self._ttl)
            except NotKept:
                if run.is_done:
                    return run.result
            else:
                run.found(tags)
                add_tags(tags)
                return result
        return call.function(call.asker, *call.args, **call.kwargs)


@dataclass(frozen=True, slots=True)
class _Call(Generic[T]):
    function: Callable[..., T]
    asker: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class _Run(Generic[T]):
    """One call that is asked of the cache.

    Attributes:
        tags: What its result is thought to depend on.
        is_done: The function returned, here and now.
        result: What it returned.
    """

    result: T

    def __init__(self, call: _Call[T], key: Key, means: Means) -> None:
        self._call, self._key, self._means = call, key, means
        self.tags = means.hints.get(key)
        self.is_done = False

    def found(self, tags: tuple[str, ...]) -> None:
        """Learn from a result that was there, where nothing was known."""
        if self.tags == NOTHING_KNOWN:
            self._means.hints.compare(self._key, self.tags, tags)

    def load(self) -> tuple[tuple[str, ...], T]:
        """Call the function, and return the tags of what it read, and its result.

        Raises:
            NotKept: Its result must not be kept.
        """
        if self._means.hints.own(self._key) not in {None, self.tags}:
            raise NotKept  # another call has found out meanwhile
        result, collector = self._collected(self._call.asker)
        self.result, self.is_done = result, True
        self._settle(collector)
        return collector.tags, result

    def _collected(self, asker: Asker) -> tuple[T, Collector]:
        """Call the function; whoever called this one depends on what it reads, too."""
        call, around = self._call, current_collector()
        with collecting() as collector:
            try:
                result = call.function(asker, *call.args, **call.kwargs)
                _refuse_unkept(asker, collector)
            finally:
                if around is not None:
                    around.merge(collector)
        return result, collector

    def _settle(self, collector: Collector) -> None:
        """Let a result be kept that depends on no more than was thought.

        Raises:
            NotKept: It may depend on more.
        """
        if collector.refusal is not None:
            self._means.refused(collector.refusal)
            raise NotKept
        self._means.hints.compare(self._key, self.tags, collector.tags)
        if not set(collector.tags) <= set(self.tags):
            raise NotKept


def _refuse_unkept(asker: Asker, collector: Collector) -> None:
    if not collector.tags:
        collector.refuse(Refusal(Reason.NOTHING_READ, "no query told what it depends on"))
    try:
        if isinstance(asker, Session):
            refuse_changed(asker)
    except Refusal as refusal:
        collector.refuse(refusal)
