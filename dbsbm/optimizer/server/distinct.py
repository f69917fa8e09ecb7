"""How many different values columns have, from what is known or from a few thousand rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.ends import unreadable
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.server.schema import Schema

_BLOCKS = 8
_BLOCK_ROWS = 500
_NUMBERS = {"tinyint", "smallint", "mediumint", "int", "bigint"}


class DistinctValues:
    """Estimates of a server's tables."""

    def __init__(self, server: Connection, schema: Schema) -> None:
        self._server = server
        self._schema = schema

    def estimate(self, table: Table, columns: Sequence[str]) -> int | Missing:
        """About how many different values columns have together."""
        known = self._from_indexes(table, columns)
        if known is not None:
            return known
        try:
            return self._from_rows(table, columns)
        except QueryError as error:
            return unreadable(table, error)

    def _from_indexes(self, table: Table, columns: Sequence[str]) -> int | None:
        """What the server knows: an index that begins with just these columns, in any order."""
        wanted = set(columns)
        for index in table.indexes:
            if (
                index.unique
                and set(index.columns) <= wanted
                and len(index.columns) == len(index.parts)
            ):
                return max(1, table.rows)
            if set(index.columns[: len(wanted)]) == wanted:
                known = self._schema.prefixes.get((table.schema, table.name, index.name), ())
                if len(known) >= len(wanted) and known[len(wanted) - 1]:
                    return known[len(wanted) - 1]
        return None

    def _from_rows(self, table: Table, columns: Sequence[str]) -> int:
        """Estimate from blocks of rows that lie over the whole table.

        No value leaves the server. Source of the estimate: M. Charikar et al., Towards Estimation
        Error Guarantees for Distinct Values (PODS 2000), the estimator GEE: values that were seen
        once stand for the square root of rows per row of the sample.
        """
        names = ", ".join(quoted(column) for column in columns)
        blocks = " UNION ALL ".join(f"({block})" for block in self._blocks(table, names))
        groups = f"SELECT COUNT(*) AS times FROM ({blocks}) AS taken GROUP BY {names}"  # noqa: S608 - names are quoted
        (row,) = self._server.rows(
            "SELECT COUNT(*) AS seen, SUM(times = 1) AS once, SUM(times) AS size "  # noqa: S608 - names are quoted
            f"FROM ({groups}) AS grouped"
        )
        seen, once, size = (int(row[name] or 0) for name in ("seen", "once", "size"))
        if size == 0:
            return 1
        rows = max(size, table.rows)
        estimate = seen - once + once * sqrt(rows / size)
        return max(1, min(rows, round(estimate)))

    def _blocks(self, table: Table, names: str) -> list[str]:
        start = f"SELECT {names} FROM {quoted(table.schema)}.{quoted(table.name)}"  # noqa: S608 - names are quoted
        key = table.primary_key
        first = key.columns[0] if key is not None and key.columns else None
        if first is None or table.rows <= _BLOCKS * _BLOCK_ROWS:
            return [f"{start} USE INDEX () LIMIT {_BLOCKS * _BLOCK_ROWS}"]
        by = quoted(first)
        forced = f"{start} FORCE INDEX (PRIMARY)"
        edges = self._edges(table, by) if table.columns[first].base in _NUMBERS else None
        if edges is None:
            ways = ("", " DESC")
            return [f"{forced} ORDER BY {by}{way} LIMIT {4 * _BLOCK_ROWS}" for way in ways]
        low, high = edges
        step = (high - low) / _BLOCKS
        return [
            f"{forced} WHERE {by} >= {low + int(step * block)} ORDER BY {by} LIMIT {_BLOCK_ROWS}"
            for block in range(_BLOCKS)
        ]

    def _edges(self, table: Table, by: str) -> tuple[int, int] | None:
        (row,) = self._server.rows(
            f"SELECT MIN({by}) AS low, MAX({by}) AS high "  # noqa: S608 - names are quoted
            f"FROM {quoted(table.schema)}.{quoted(table.name)} FORCE INDEX (PRIMARY)"
        )
        return None if row["low"] is None else (int(row["low"]), int(row["high"]))
