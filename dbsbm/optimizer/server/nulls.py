"""How many rows have no value in a column, from some rows at both ends of a table."""

from __future__ import annotations

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.server.quoting import quoted

_ROWS = 1000
"""Rows of each end: where NULL waits for what comes later, it is mostly at one of them."""


def share_of_nulls(server: Connection, table: Table, column: str) -> float | Missing:
    """The share of a table's rows in which a column is NULL; no value leaves the server."""
    name = quoted(column)
    start = f"SELECT {name} FROM {quoted(table.schema)}.{quoted(table.name)}"  # noqa: S608 - names are quoted
    key = table.primary_key
    first = key.columns[0] if key is not None and key.columns else None
    if first is None:
        ends = [f"({start} USE INDEX () LIMIT {2 * _ROWS})"]
    else:
        forced = f"{start} FORCE INDEX (PRIMARY) ORDER BY {quoted(first)}"
        ends = [f"({forced}{way} LIMIT {_ROWS})" for way in ("", " DESC")]
    try:
        (row,) = server.rows(
            f"SELECT COUNT(*) AS seen, SUM({name} IS NULL) AS empty "  # noqa: S608 - names are quoted
            f"FROM ({' UNION ALL '.join(ends)}) AS taken"
        )
    except QueryError as error:
        return Missing(
            f"Rows of {table.schema}.{table.name} could not be read (error {error.code})."
        )
    return float(row["empty"] or 0) / max(int(row["seen"]), 1)
