"""An application in small: a database, a cache, sessions, and what reaches the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, Executable, event
from sqlalchemy.orm import Session, sessionmaker

from dbsbm.cache import Cache
from dbsbm.cache.opening import open_cache
from dbsbm.querycache import QueryCache, Reason
from tests.integration.querycache.schema import Base

CACHED = {"cache": True}


def patient_cache(url: str) -> Cache:
    """A cache that waits on a busy machine: what is counted must not depend on its speed."""
    return open_cache(url, connect_timeout=30, timeout=30)


class House:
    """The application.

    Attributes:
        asked: The queries on its own tables that reached the database.
    """

    def __init__(self, engine: Engine, cache: Cache, **settings: Any) -> None:
        self.engine, self.cache = engine, cache
        self.asked: list[str] = []
        self.queries = QueryCache(cache, Base.metadata, **settings)
        self.sessions = sessionmaker(engine)
        self.queries.attach(engine)
        self.queries.attach_session(self.sessions)
        event.listen(engine, "before_cursor_execute", self._count)

    def close(self) -> None:
        event.remove(self.engine, "before_cursor_execute", self._count)
        self.queries.detach_session(self.sessions)
        self.queries.detach(self.engine)

    def rows(self, statement: Executable, values: Any = None, **options: Any) -> list[Any]:
        """The rows of a cached query, in a session of its own."""
        with self.sessions() as session:
            found = session.execute(statement, values, execution_options={**CACHED, **options})
            return [tuple(row) for row in found]

    def direct(self, statement: Executable, values: Any = None) -> list[Any]:
        """The rows of a query that the cache is not asked for."""
        with self.sessions() as session:
            return [tuple(row) for row in session.execute(statement, values)]

    def refused(self, session: Session, statement: Executable) -> Reason | None:
        """Why a cached query is not cached, executed in a session."""
        before = self.queries.refusals()
        session.execute(statement, execution_options=CACHED).all()
        [reason] = (self.queries.refusals() - before) or [None]
        return reason

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """Give the queries that reach the database from here on."""
        self.asked.clear()
        yield self.asked

    def _count(self, _connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if sql.lstrip("( ").startswith(("SELECT", "WITH")) and "view" not in sql:
            self.asked.append(sql)
