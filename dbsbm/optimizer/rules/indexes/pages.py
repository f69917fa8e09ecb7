"""How many pages it takes to read rows: rows alone do not tell what an index is worth.

A scan reads pages that are full of rows. An index that lacks a column sends the server to the
primary key once for each row that it finds, which is a page of its own, and those above it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dbsbm.optimizer.rules.indexes.searching import Way
from dbsbm.optimizer.rules.indexes.uses import Use
from dbsbm.optimizer.server.model import Column, Table

PAGE: Final = 16_384
"""Bytes of a page of InnoDB, as it is set nearly everywhere."""
DESCENT: Final = 2.0
"""Pages from an index's root to a leaf: two for some 100,000 rows, seldom above three."""
_ROW_BYTES = 100.0
"""Of a table of which the server does not say how large it is."""
_ENTRY_BYTES = 12.0
"""That an entry of an index takes besides its columns: its header, and pages that are not full."""
_BYTES = {
    "tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "bigint": 8, "float": 4, "double": 8,
    "date": 3, "time": 3, "timestamp": 4, "datetime": 8, "year": 1, "enum": 2, "set": 8,
    "decimal": 8, "bit": 8, "uuid": 16,
}  # fmt: skip


def row_bytes(table: Table) -> float:
    """Bytes of a row, on average."""
    return table.bytes / table.rows if table.bytes and table.rows else _ROW_BYTES


def column_bytes(table: Table, column: Column) -> float:
    """Bytes that a column takes at most, on average: of a text, no more than of the whole row."""
    known = _BYTES.get(column.base)
    return known if known is not None else min(float(column.length or PAGE), row_bytes(table))


def entry_bytes(table: Table, columns: Iterable[str]) -> float:
    """Bytes of an entry of an index, on average."""
    return _ENTRY_BYTES + sum(column_bytes(table, table.columns[each]) for each in columns)


def scanned(table: Table, rows: float) -> float:
    """Pages that are read when so many rows are read one after the other."""
    return 1.0 + rows * row_bytes(table) / PAGE


def searched(by: Way, use: Use, rows: float) -> float:
    """Pages that are read when an index finds so many rows."""
    if by.holds_row:
        return DESCENT + rows * row_bytes(use.table) / PAGE
    fetched = 0.0 if by.covers(use) else rows * DESCENT
    return DESCENT + rows * entry_bytes(use.table, by.columns) / PAGE + fetched
