"""Typical values of columns, to plan statements of which no run is known.

They are given back to the server that they come from, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbsbm.optimizer.server.connection import Connection, QueryError, Row
from dbsbm.optimizer.server.ends import has_ends, one_end
from dbsbm.optimizer.server.model import Column, Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.filling import Wanted

_ROWS = 20
_CHARACTERS = 100
_BEGIN = 3
_LONG = {"tinytext", "text", "mediumtext", "longtext"}
_UNREAD = {
    *("tinyblob", "blob", "mediumblob", "longblob", "json", "bit"),
    *("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring"),
    *("multipolygon", "geometrycollection"),
}
_TIMES = {"date": "'2026-01-01'", "time": "'12:00:00'", "year": "2026"}
_MOMENTS = {"datetime", "timestamp"}
_TEXTS = {"char", "varchar", "enum", "set", "binary", "varbinary", "uuid", "inet4", "inet6"}


class TypicalValues:
    """Values of columns, from the first and the last rows of each table."""

    def __init__(self, server: Connection, tables: Mapping[tuple[str, str], Table]) -> None:
        self._server = server
        self._tables = tables
        self._rows: dict[tuple[str, str], Sequence[Row]] = {}

    def __call__(self, key: tuple[str, str], name: str, wanted: Wanted, number: int) -> str:
        """A value as SQL, of the column's own type."""
        column = self._tables[key].columns[name]
        seen = [row[name.lower()] for row in self._sample(key) if row.get(name.lower()) is not None]
        if not seen:
            return _made_up(column)
        if wanted == "begin":
            return self._server.literal(str(seen[-1])[:_BEGIN] + "%")
        if wanted == "low":
            return self._written(seen[0])
        # The last row may be one of a kind; what is asked for is mostly new, but not the newest.
        middle = len(seen) * 3 // 4
        return self._written(seen[(middle + number) % len(seen)])

    def _written(self, value: object) -> str:
        if isinstance(value, bytes):
            return f"0x{value.hex()}" if value else "''"
        return self._server.literal(value)

    def _sample(self, key: tuple[str, str]) -> Sequence[Row]:
        if key not in self._rows:
            try:
                self._rows[key] = self._read(self._tables[key])
            except QueryError:
                self._rows[key] = ()
        return self._rows[key]

    def _read(self, table: Table) -> Sequence[Row]:
        """The first and the last rows by the primary key, without touching another index.

        An index that only we have read would look as if somebody needed it.
        """
        names = [_selected(each) for each in table.columns.values() if each.base not in _UNREAD]
        start = f"SELECT {', '.join(names)} FROM "  # noqa: S608 - names are quoted
        first = self._server.rows(start + one_end(table, _ROWS))
        if not has_ends(table):
            return first
        return [*first, *reversed(self._server.rows(start + one_end(table, _ROWS, last=True)))]


def _selected(column: Column) -> str:
    name = quoted(column.name)
    return f"LEFT({name}, {_CHARACTERS}) AS {name}" if column.base in _LONG else name


def _made_up(column: Column) -> str:
    if column.base in _MOMENTS:
        return "'2026-01-01 12:00:00'"
    if column.base in _TEXTS | _LONG | _UNREAD:
        return "'x'"
    return _TIMES.get(column.base, "1")
