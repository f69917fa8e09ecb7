"""The columns and indexes of a few tables, from the database itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from sqlalchemy import JSON, Engine, Inspector, LargeBinary, Text, inspect

from dbsbm.optimizer.fleet.evidence import Table


def read_tables(engine: Engine, names: Iterable[str]) -> dict[str, Table]:
    """The named tables; names that are no table are left out."""
    wanted = set(names)
    if not wanted:
        return {}
    inspector: Inspector = inspect(engine)
    return {name: _table(inspector, name) for name in wanted & set(inspector.get_table_names())}


def _table(inspector: Inspector, name: str) -> Table:
    columns = (
        column["name"]
        for column in inspector.get_columns(name)
        if not isinstance(column["type"], Text | JSON | LargeBinary)
    )
    keys: list[Sequence[str | None]] = [
        inspector.get_pk_constraint(name)["constrained_columns"],
        *(index["column_names"] for index in inspector.get_indexes(name)),
        *(unique["column_names"] for unique in inspector.get_unique_constraints(name)),
    ]
    return Table(frozenset(columns), tuple(_leading_columns(key) for key in keys))


def _leading_columns(key: Sequence[str | None]) -> tuple[str, ...]:
    """The columns up to the first expression, which has no name."""
    return tuple(column for column in takewhile(lambda each: each is not None, key) if column)
