"""What the events of a binary log say was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from dbsbm.querycache.scopes import from_driver, scope_columns, scope_tags_of
from dbsbm.querycache.sql.textual import (
    CHANGING,
    COMMITTING,
    Statement,
    StatementKind,
    understand,
)
from dbsbm.querycache.tags import TagSet
from dbsbm.querycache.writing.writes import Writes


class LoggedChanges:
    """The tags of what the events of one transaction say was changed.

    Args:
        metadata: The tables that are known.
        also: See `Writes`.
    """

    def __init__(self, metadata: MetaData, also: Mapping[str, Sequence[str]] | None = None) -> None:
        self._metadata = metadata
        self._writes = Writes(metadata, also=also)
        self._dialect = MySQLDialect_pymysql()
        self.tags = TagSet()

    def begin(self) -> None:
        """Another transaction begins."""
        self.tags = TagSet()

    def take(self, event: Any) -> bool:
        """Take an event in; return whether a transaction is complete with it."""
        name = type(event).__name__
        if name == "QueryEvent":
            return self._query(event.query)
        if name.endswith("RowsEvent"):
            self._rows(event.table, event.rows)
        return name == "XidEvent"

    def _query(self, sql: str | bytes) -> bool:
        text = sql.decode("utf-8", "replace") if isinstance(sql, bytes) else sql
        statement = understand(text, "mysql", formatted=False)
        if statement.kind in CHANGING or statement.calls:
            # Of a write that is logged as text the rows are not asked for: they are past.
            whole = statement._replace(change=None)
            write_set = self._writes.write_set(whole, (), self._dialect, None)
            self.tags.merge(write_set.tags)
        return statement.kind is StatementKind.COMMIT or statement.kind in COMMITTING

    def _rows(self, name: str, rows: Iterable[Mapping[str, Mapping[str, Any]]]) -> None:
        table = self._writes.table(name)
        images = [image for row in rows for key, image in row.items() if key.endswith("values")]
        tags = None
        if table is not None:
            tags = scope_tags_of(table, [self._scoped(table, image) for image in images])
        if tags is None:
            whole = Statement(StatementKind.WRITE, None, (name,))
            self.tags.merge(self._writes.write_set(whole, (), self._dialect, None).tags)
        else:
            self.tags.add_rows(name, tags)

    def _scoped(self, table: Any, image: Mapping[str, Any]) -> dict[str, Any]:
        """The scope columns of a row; a column whose name the log does not tell stays unknown."""
        return {
            name: from_driver(table.columns[name], self._dialect, image[name])
            for name in scope_columns(table)
            if name in image
        }
