"""What the values of columns look like, from some rows at both ends of a table.

The server counts; no value leaves it.
"""

from __future__ import annotations

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.case import Content
from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.ends import both_ends, one_end, unreadable
from dbsbm.optimizer.server.model import Column, Table
from dbsbm.optimizer.server.quoting import quoted

_ROWS = 100
"""Rows of each end: what all of them have in common is no chance."""
_LONGEST = 40
_TEXTS = {"char", "varchar"}
_FLOATS = {"float", "double", "real"}
_DAY = "[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_PATTERNS = {
    "integers": "^(0|-?[1-9][0-9]{0,17})$",
    "decimals": "^-?(0|[1-9][0-9]{0,14})[.][0-9]{1,4}$",
    "days": f"^{_DAY}$",
    "moments": f"^{_DAY}[ T]{_TIME}$",
}
_CENTS = "ABS({0} * 100 - ROUND({0} * 100)) <= 0.000001 * (1 + ABS({0} * 100))"
"""No more than two decimals, as exactly as a FLOAT holds them."""


class Contents:
    """Samples of a server's tables: one statement for all columns of a table.

    Most texts are words. The last row tells that for less than the sample costs, and all that the
    sample would say of them is that they are no numbers and no times.
    """

    def __init__(self, server: Connection) -> None:
        self._server = server
        self._known: dict[tuple[str, str], dict[str, Content] | Missing] = {}

    def of(self, table: Table, column: str) -> Content | Missing:
        """What the values of a short text or a floating point number look like."""
        key = (table.schema, table.name)
        if key not in self._known:
            self._known[key] = self._read(table)
        found = self._known[key]
        if isinstance(found, Missing):
            return found
        return found.get(column, Missing("It is neither a short text nor a fraction."))

    def _read(self, table: Table) -> dict[str, Content] | Missing:
        columns = [each for each in table.columns.values() if _is_looked_at(each)]
        try:
            words = self._words(table, [each for each in columns if each.base in _TEXTS])
            found = self._sampled(table, [each for each in columns if each.name not in words])
        except QueryError as error:
            return unreadable(table, error)
        return {**found, **{name: Content(values=1) for name in words}}

    def _words(self, table: Table, columns: list[Column]) -> set[str]:
        """Columns of which the last row's text begins as no number and no time does."""
        if not columns:
            return set()
        looks = ", ".join(
            f"{quoted(each.name)} <> '' AND NOT {_begins(quoted(each.name))} AS look_{number}"
            for number, each in enumerate(columns)
        )
        rows = self._server.rows(f"SELECT {looks} FROM {one_end(table, 1, last=True)}")  # noqa: S608 - names are quoted
        return {
            each.name
            for row in rows
            for number, each in enumerate(columns)
            if row[f"look_{number}"]  # and not where it is NULL
        }

    def _sampled(self, table: Table, columns: list[Column]) -> dict[str, Content]:
        if not columns:
            return {}
        counts = ", ".join(
            f"{count} AS {what}_{number}"
            for number, column in enumerate(columns)
            for what, count in _counts(column).items()
        )
        sample = both_ends(table, ", ".join(quoted(each.name) for each in columns), _ROWS)
        (row,) = self._server.rows(f"SELECT {counts} FROM ({sample}) AS taken")  # noqa: S608 - names are quoted
        return {
            column.name: Content(
                **{what: int(row[f"{what}_{number}"] or 0) for what in _counts(column)}
            )
            for number, column in enumerate(columns)
        }


def _is_looked_at(column: Column) -> bool:
    is_short = column.base in _TEXTS and 0 < (column.length or 0) <= _LONGEST
    return is_short or column.base in _FLOATS


def _counts(column: Column) -> dict[str, str]:
    name = quoted(column.name)
    if column.base in _FLOATS:
        return {
            "values": f"COUNT({name})",
            "fractions": f"SUM({name} != ROUND({name}))",
            "cents": f"SUM({_CENTS.format(name)})",
        }
    matches = {
        what: f"SUM({_begins(name)} AND {name} REGEXP '{pattern}')"
        for what, pattern in _PATTERNS.items()
    }
    return {"values": f"COUNT({name})", **matches}


def _begins(name: str) -> str:
    """Whether a text begins as numbers and times do."""
    return f"(ASCII({name}) BETWEEN {ord('-')} AND {ord('9')})"
