"""Tables: columns with units, rows with raw values, and what to say where there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import Select

from dbsbm.dashboard.reading.span import Span
from dbsbm.db.engine import Database
from dbsbm.errors import UserError
from dbsbm.monitor.store.history import History

T = TypeVar("T")

# Longer numbers are none that a database has.
_DIGITS = 18
ColumnUnit = Literal[
    "text", "code", "s", "bytes", "ratio", "count", "per_second", "percent", "time", "state"
]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where everything is read.

    Attributes:
        history: The monitor's points.
        database: All other rows.
    """

    history: History
    database: Database

    def rows(self, statement: Select[T]) -> Sequence[T]:
        """What a statement finds, as its first column: an object where it selects a class.

        Raises:
            TransientError: The database is away.
        """
        with self.database.read() as session:
            return session.scalars(statement).all()


@dataclass(frozen=True, slots=True)
class Query:
    """What a page asks a panel for.

    Attributes:
        span: The time range.
        where: Labels of the thing that the page is about.
    """

    span: Span
    where: dict[str, str] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """What the page is about, by this label.

        Raises:
            UserError: It is about nothing of that kind.
        """
        if name not in self.where:
            raise UserError(f"Say of which {name}: this table is part of its page.")
        return self.where[name]

    def number(self, name: str) -> int:
        """The same where it is a row's number.

        Raises:
            UserError: There is none, or it is no row's number.
        """
        return row_number(self.label(name))


def row_number(text: str) -> int:
    """A row's number as an address holds it.

    Raises:
        UserError: It is none that a database has.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise UserError("There is no such thing: its number is wrong.")
    return int(text)


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: Its head.
        unit: How its values are shown, and on which side.
    """

    title: str
    unit: ColumnUnit = "text"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row.

    Attributes:
        cells: A value for each column; None where it is not known.
        href: The page that says more.
    """

    cells: Sequence[Any]
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        id: In its address.
        title: What it lists.
        about: One sentence: which rows, in which order.
        columns: Left to right.
        rows: Reads them.
        empty: What to do, or why it is well, where there are none.
    """

    id: str
    title: str
    about: str
    columns: tuple[Column, ...]
    rows: Callable[[Sources, Query], Sequence[TableRow]]
    empty: str

    def fill(self, sources: Sources, query: Query) -> dict[str, Any]:
        """Its rows, as JSON can hold them: times are Unix seconds."""
        return {
            "rows": [
                {"cells": [_plain(cell) for cell in row.cells], "href": row.href}
                for row in self.rows(sources, query)
            ]
        }


def _plain(cell: Any) -> Any:
    return cell.timestamp() if isinstance(cell, datetime) else cell
