"""An engine without a database, that executes queries by asking the cache.

It shares the dialect of a real engine, so that SQLAlchemy does all it does for a query: it compiles
it, binds its values, reads the answer by the columns' types, loads entities into the session. Only
what a driver would do is done here: the text and the bound values are handed to whoever reads, and
the rows that come back are those that a driver once gave for them. So what is cached is what the
database said, and whatever is made of it is made anew, exactly as without a cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Engine, NullPool, event

from dbsbm.querycache.reading.answers import Answer
from dbsbm.querycache.sql.markers import Parameters

Reader = Callable[[str, Parameters], Answer]
"""Gets the answer to a query's text and its bound values."""

READER: Final = "dbsbm_query_reader"
"""The execution option that carries a statement's reader."""


class ReplayEngine(Engine):
    """The engine without a database beside a real one."""


def replay_engine(engine: Engine) -> ReplayEngine:
    """Return a new engine without a database for a real one."""
    pool = NullPool(_Connection, dialect=engine.dialect, reset_on_return=None)  # type: ignore[arg-type]  # it is a driver's connection in all that is used of one
    replay = ReplayEngine(pool, engine.dialect, engine.url)
    event.listen(replay, "before_cursor_execute", _hand_over_reader)
    return replay


def _hand_over_reader(
    _connection: object,
    cursor: _Cursor,
    _statement: str,
    _parameters: object,
    context: Any,
    _executemany: bool,
) -> None:
    cursor.reader = context.execution_options.get(READER)


class _Connection:
    """Stands in for a driver's connection (PEP 249)."""

    isolation_level = ""

    def get_autocommit(self) -> bool:
        """Tell that it does not commit each statement."""
        return False

    def cursor(self, *_kind: object) -> _Cursor:
        return _Cursor()

    def commit(self) -> None:
        """Do nothing: there are no changes."""

    def rollback(self) -> None:
        """Do nothing: there are no changes."""

    def close(self) -> None:
        """Do nothing: nothing is open."""


class _Cursor:
    """Stands in for a driver's cursor (PEP 249).

    Attributes:
        reader: Gets the answers; None for what SQLAlchemy does on its own, such as savepoints.
    """

    arraysize = 1
    lastrowid = None

    def __init__(self) -> None:
        self.reader: Reader | None = None
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, statement: str, parameters: Parameters = ()) -> None:
        """Get the answer."""
        if self.reader is None:
            return
        answer = self.reader(statement, parameters)
        self.description = answer.description()
        rows = answer.rows()
        self.rowcount = len(rows)
        self._rows = iter(rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> Iterable[tuple[Any, ...]]:
        """Return the next rows."""
        return list(islice(self._rows, size))

    def fetchall(self) -> Iterable[tuple[Any, ...]]:
        """Return the rows that are left."""
        return list(self._rows)

    def close(self) -> None:
        """Do nothing: nothing is open."""
