"""The plan of a statement, as rows without literals."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

UNOBSERVED = "dbsbm_unobserved"
"""Execution option of the monitor's own statements, which it does not measure."""

# The plan of an INSERT of values says nothing, and DDL has none.
EXPLAINED_VERBS = frozenset({"select", "with", "update", "delete"})

# MySQL and MariaDB add columns of their own; only these are known to hold no values.
_MYSQL_COLUMNS = (
    *("id", "select_type", "table", "type", "possible_keys", "key", "key_len", "ref", "rows"),
    *("filtered", "Extra"),
)


def explain(engine: Engine, statement: str, parameters: Any) -> list[dict[str, Any]] | None:
    """Ask the server how it runs a statement.

    The tabular form is asked for because the tree and JSON forms repeat the statement's values.

    Args:
        engine: Where the statement ran; a connection of its pool is used and rolled back.
        statement: SQL as the driver got it.
        parameters: What the driver got with it.

    Returns:
        One mapping a row of the plan, or None where the server gave none.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    keyword = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN FORMAT=TRADITIONAL"
    try:
        with engine.connect().execution_options(**{UNOBSERVED: True}) as connection:
            result = connection.exec_driver_sql(f"{keyword} {statement}", parameters)
            rows = [dict(row) for row in result.mappings()]
    except SQLAlchemyError as error:
        log.info(
            "A slow statement could not be explained: %s.",
            type(error).__name__,
            extra={"action": "monitor.explain"},
        )
        return None
    return [_sqlite_row(row) if is_sqlite else _mysql_row(row) for row in rows]


def _sqlite_row(row: dict[str, Any]) -> dict[str, Any]:
    return {column: row[column] for column in ("id", "parent", "detail")}


def _mysql_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        column: _plain(column, row[column])
        for column in _MYSQL_COLUMNS
        if row.get(column) is not None
    }


def _plain(column: str, value: Any) -> str | int | float:
    """Numbers as JSON has them: MySQL sends Decimals, and MariaDB sends `rows` as text.

    Where MariaDB filters by row id it adds a share to the number of rows: `51|1%`.
    """
    if column == "rows":
        return int(str(value).partition("|")[0])
    if column == "filtered":
        return float(value)
    return int(value) if column == "id" else str(value)
