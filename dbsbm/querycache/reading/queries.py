"""A query's answer: its name, what it depends on, and how it comes from the cache."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.errors import NotKept
from dbsbm.cache.keys import Key
from dbsbm.querycache.reading.answers import Answer, Packed
from dbsbm.querycache.reading.collecting import add_tags, current_collector
from dbsbm.querycache.reading.keys import database_name, query_key
from dbsbm.querycache.reading.loading import get_or_load
from dbsbm.querycache.reading.options import CacheFor
from dbsbm.querycache.reading.plans import Planner, whole_table_tags
from dbsbm.querycache.reading.standing import refuse_unfit
from dbsbm.querycache.reading.views import Views
from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.markers import Parameters

_MOST_VIEW_CHANGES: Final = 3
"""Loads in which a view was found changed, after which the answer is not cached."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and how.

    Attributes:
        engine: Of the database.
        connect: Returns the connection of the asker's transaction, which may then begin.
        wish: How long the answer may live, and as what kind of value.
    """

    engine: Engine
    connect: Callable[[], Connection]
    wish: CacheFor


@dataclass(frozen=True, slots=True)
class Identity:
    """What a query's answer is called, and what it depends on."""

    key: Key
    tags: tuple[str, ...]


class Queries:
    """Answers queries.

    Args:
        cache: Keeps the answers.
        planner: Reads the queries.
        views: Knows what views read.
        category: What kind of value an answer is, where its asker says nothing.
    """

    def __init__(self, cache: Cache, planner: Planner, views: Views, category: Category) -> None:
        self._cache, self._planner, self._views = cache, planner, views
        self._category = category
        self._below: dict[tuple[str, str], tuple[str, ...]] = {}

    def answer(self, asked: Asked, sql: str, parameters: Parameters) -> Answer:
        """Return the answer to a query.

        Args:
            asked: Who asks.
            sql: The text as the driver gets it.
            parameters: The values as the driver gets them.

        Raises:
            Refusal: It must not be cached.
        """
        if current_collector() is not None:
            self._note_views(asked, sql)
        for _attempt in range(_MOST_VIEW_CHANGES):
            identity = self.identify(asked, sql, parameters)

            def load() -> Packed:
                self._refuse_changed_views(asked, sql)
                connection = asked.connect()
                refuse_unfit(connection)
                return Answer.fetch(connection, sql, parameters).pack()

            try:
                packed = get_or_load(self._cache, identity.key, load, identity.tags, asked.wish.ttl)
            except NotKept:
                continue
            add_tags(identity.tags)
            return Answer.unpack(packed)
        raise Refusal(Reason.NOT_UNDERSTOOD, "its views change all the time")

    def identify(self, asked: Asked, sql: str, parameters: Parameters) -> Identity:
        """Return the key and the tags of a query's answer.

        Raises:
            Refusal: It must not be cached.
        """
        category = asked.wish.category or self._category
        database = database_name(asked.engine)
        names = self._planner.plan(sql, asked.engine.dialect).names
        key = query_key(category, database, names, sql, parameters)
        return Identity(key, self._tags(asked, database, sql, parameters))

    def tags(self, asked: Asked, sql: str, parameters: Parameters) -> tuple[str, ...]:
        """Return what the answer to a query that is about to be executed depends on.

        Raises:
            Refusal: It must not be cached.
        """
        self._note_views(asked, sql)
        return self._tags(asked, database_name(asked.engine), sql, parameters)

    def _tags(
        self, asked: Asked, database: str, sql: str, parameters: Parameters
    ) -> tuple[str, ...]:
        plan = self._planner.plan(sql, asked.engine.dialect)
        tags = plan.tags(parameters, asked.engine.dialect)
        below = [t for name in plan.names for t in self._below.get((database, name), ())]
        return tuple(dict.fromkeys([*tags, *whole_table_tags(below)])) if below else tags

    def _note_views(self, asked: Asked, sql: str) -> None:
        """Take note of what the views of a query read now, for whoever depends on the query."""
        with suppress(NotKept):
            self._refuse_changed_views(asked, sql)

    def _refuse_changed_views(self, asked: Asked, sql: str) -> None:
        """Take note of what the views of a query read now.

        Raises:
            NotKept: They read something else than was thought.
        """
        database = database_name(asked.engine)
        names = self._planner.plan(sql, asked.engine.dialect).names
        found = self._views.base_tables(names, database, asked.engine, asked.connect)
        changed = False
        for name in names:
            tables = tuple(found.get(name, ()))
            if tables != self._below.get((database, name), ()):
                self._below[database, name] = tables
                changed = True
        if changed:
            raise NotKept
