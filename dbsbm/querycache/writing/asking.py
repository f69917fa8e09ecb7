"""Questions to the database, within the transaction of a write, about the rows it is to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Final, Protocol

from sqlalchemy import Dialect, Table

from dbsbm.querycache.scopes import Unknown, from_driver, scope_columns
from dbsbm.querycache.sql.changes import Change
from dbsbm.querycache.sql.markers import Parameters, unmarked
from dbsbm.querycache.tags import MOST_ROWS, ScopeValue

Row = Mapping[str, ScopeValue | Unknown | None]

_TOGETHER: Final = 50
"""Conditions that are asked about in one statement."""


class Connects(Protocol):
    """A driver's connection."""

    def cursor(self) -> Any:
        """Return a cursor of its own."""


class Asking:
    """Asks on the connection that writes, past SQLAlchemy: no event, no transaction of its own.

    Args:
        connection: The driver's connection.
        dialect: Of its engine.
        holds_lock: Its transaction has written already.
    """

    def __init__(self, connection: Connects, dialect: Dialect, *, holds_lock: bool) -> None:
        self._connection = connection
        self._dialect = dialect
        self._is_sqlite = dialect.name == "sqlite"
        self._holds_lock = holds_lock

    def rows(
        self, change: Change, table: Table, parameters: Sequence[Parameters]
    ) -> list[Row] | None:
        """Return the scope values of the rows that an update or delete is to change.

        MySQL reads the newest rows and locks them, whatever snapshot the transaction has: so they
        are those that the write meets, but for rows that another transaction inserts between the
        two, which the write's count gives away. SQLite is locked as a whole.

        Returns:
            None if there are too many of them, or the condition cannot be asked about.
        """
        if change.condition is None or len(parameters) > MOST_ROWS:
            return None
        if self._is_sqlite and not self._holds_lock:
            self._lock(table)
        columns = sorted(scope_columns(table))
        found: list[Row] = []
        for sql, values in self._questions(change, table, columns, parameters):
            found += [self._row(table, columns, raw) for raw in self._fetch(sql, values)]
            if len(found) > MOST_ROWS:
                return None
        return found

    def last_id(self) -> int | None:
        """Return the key that the server generated for the row that was inserted last."""
        if self._is_sqlite:
            return None
        return int(self._fetch("SELECT LAST_INSERT_ID()", ())[0][0]) or None

    def _lock(self, table: Table) -> None:
        """Take the lock that the write is about to take.

        Taken after a read it would not be waited for: SQLite fails where another transaction
        wrote since.
        """
        name = self._dialect.identifier_preparer.format_table(table)
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(f"DELETE FROM {name} WHERE 0")  # noqa: S608 - a table of the schema

    def _questions(
        self,
        change: Change,
        table: Table,
        columns: Sequence[str],
        parameters: Sequence[Parameters],
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        quote = self._dialect.identifier_preparer.quote
        names = ", ".join(quote(table.columns[name].name) for name in columns)
        condition, order = unmarked(change.condition or "", "?" if self._is_sqlite else "%s")
        tail = f"LIMIT {MOST_ROWS + 1}" + ("" if self._is_sqlite else " FOR UPDATE")
        for start in range(0, len(parameters), _TOGETHER):
            sets = parameters[start : start + _TOGETHER]
            where = " OR ".join([f"({condition})"] * len(sets)) if condition else "1 = 1"
            values = tuple(change.slots[place].of(each) for each in sets for place in order)
            # The text is the application's own statement; its values stay parameters.
            yield f"SELECT {names} FROM {change.target} WHERE {where} {tail}", values  # noqa: S608

    def _fetch(self, sql: str, values: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(sql, *([values] if values else []))
            answer: Sequence[Sequence[Any]] = cursor.fetchall()
            return answer

    def _row(self, table: Table, columns: Sequence[str], raw: Sequence[Any]) -> Row:
        return {
            name: from_driver(table.columns[name], self._dialect, value)
            for name, value in zip(columns, raw, strict=True)
        }
