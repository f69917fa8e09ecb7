"""What a change of indexes costs or saves those who write."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from time import perf_counter

from dbsbm.optimizer.applying.ddl import Alteration
from dbsbm.optimizer.applying.layout import Key, columns_of
from dbsbm.optimizer.proof.bench import Bench
from dbsbm.optimizer.proof.shadow import Shadow, stored_columns
from dbsbm.optimizer.server.connection import QueryError
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.shape import ColumnRef, Shape

_ROWS = 500
_RUNS = 3
_SPARE = "dbsbm_spare"


def entries_written(
    statements: Iterable[tuple[Load, Shape]],
    table: tuple[str, str],
    change: Alteration,
    keys: Iterable[Key],
) -> int:
    """Entries of indexes that the load would have written more, or, below zero, fewer.

    A new or deleted row has one entry in each index, a changed value two in each that holds it.

    Args:
        statements: What ran, with how many rows it wrote.
        table: Whose indexes change.
        change: What changes.
        keys: The indexes that there were before.
    """
    made = [_names(columns_of(index.rest)) for index in change.adds]
    lost = [_names(key.columns) for key in keys if key.name in change.drops]
    entries = 0
    for load, shape in statements:
        rows = load.rows_affected or load.calls
        if shape.verb in {"insert", "replace", "delete"} and _writes(shape, table):
            entries += rows * (len(made) - len(lost))
        elif shape.verb == "update":
            written = {each.column.lower() for each in shape.written if _is_of(each, table)}
            entries += 2 * rows * (_touched(made, written) - _touched(lost, written))
    return entries


def seconds_per_row(bench: Bench, shadow: Shadow, table: Table) -> float | None:
    """Seconds to write a row: some are deleted from the copy, written again, and rolled back.

    Returns:
        The smallest of some runs; None for a table without a primary key.
    """
    key = table.primary_key
    if key is None or not key.columns:
        return None
    copy, spare = (shadow.name(table.schema, name) for name in (table.name, _SPARE))
    columns = stored_columns(table)
    same = " AND ".join(f"t.{quoted(each)} = s.{quoted(each)}" for each in key.columns)
    bench.run(f"USE {quoted(shadow.schemas[table.schema])}")  # where DELETE looks for its alias
    bench.run(f"DROP TABLE IF EXISTS {spare}")
    bench.run(f"CREATE TABLE {spare} LIKE {copy}")
    bench.run(f"INSERT INTO {spare} ({columns}) SELECT {columns} FROM {copy} LIMIT {_ROWS}")  # noqa: S608 - names are quoted
    delete = f"DELETE t FROM {copy} t JOIN {spare} s ON {same}"
    insert = f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {spare}"  # noqa: S608 - names are quoted
    return min(_write(bench, delete, insert) for _ in range(_RUNS)) / _ROWS


def _write(bench: Bench, delete: str, insert: str) -> float:
    bench.run("START TRANSACTION")
    try:
        bench.run(delete)
        started = perf_counter()
        bench.run(insert)
        return perf_counter() - started
    finally:
        with suppress(QueryError):
            bench.run("ROLLBACK")


def _writes(shape: Shape, table: tuple[str, str]) -> bool:
    return any((source.schema, source.table) == table for source in shape.sources[:1])


def _is_of(column: ColumnRef, table: tuple[str, str]) -> bool:
    return (column.schema, column.table) == table


def _touched(indexes: Iterable[set[str]], written: set[str]) -> int:
    return sum(bool(columns & written) for columns in indexes)


def _names(columns: str) -> set[str]:
    """The names in the columns of an index, without lengths and directions."""
    return {part.split("`")[1] for part in columns.split(",") if part.count("`") >= 2}
