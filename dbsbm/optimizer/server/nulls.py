"""How many rows have no value in a column, from some rows at both ends of a table."""

from __future__ import annotations

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.ends import both_ends, unreadable
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.server.quoting import quoted

_ROWS = 1000
"""Rows of each end: where NULL waits for what comes later, it is mostly at one of them."""


def share_of_nulls(server: Connection, table: Table, column: str) -> float | Missing:
    """The share of a table's rows in which a column is NULL; no value leaves the server."""
    name = quoted(column)
    try:
        (row,) = server.rows(
            f"SELECT COUNT(*) AS seen, SUM({name} IS NULL) AS empty "  # noqa: S608 - names are quoted
            f"FROM ({both_ends(table, name, _ROWS)}) AS taken"
        )
    except QueryError as error:
        return unreadable(table, error)
    return float(row["empty"] or 0) / max(int(row["seen"]), 1)
