"""Rows at the ends of a table, by the primary key: reads of other indexes are evidence."""

from __future__ import annotations

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import QueryError
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.server.quoting import quoted


def has_ends(table: Table) -> bool:
    """Tell whether there is a primary key to go by."""
    return bool(_key(table))


def one_end(table: Table, rows: int, *, last: bool = False) -> str:
    """What follows FROM for the first or the last rows; for any where there is no primary key."""
    way = " DESC" if last else ""
    by = ", ".join(f"{quoted(each)}{way}" for each in _key(table))
    order = f"FORCE INDEX (PRIMARY) ORDER BY {by}" if by else "USE INDEX ()"
    return f"{quoted(table.schema)}.{quoted(table.name)} {order} LIMIT {rows}"


def both_ends(table: Table, names: str, rows: int) -> str:
    """A statement for so many rows of each end; `names` are quoted."""
    start = f"SELECT {names} FROM "  # noqa: S608 - names are quoted
    if not has_ends(table):
        return start + one_end(table, 2 * rows)
    ends = (one_end(table, rows, last=last) for last in (False, True))
    return " UNION ALL ".join(f"({start}{end})" for end in ends)


def unreadable(table: Table, error: QueryError) -> Missing:
    """Why rows could not be read."""
    return Missing(f"Rows of {table.schema}.{table.name} could not be read (error {error.code}).")


def _key(table: Table) -> tuple[str, ...]:
    return table.primary_key.columns if table.primary_key is not None else ()
