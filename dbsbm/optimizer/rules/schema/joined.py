"""Pairs of columns that belong together: joined by a statement, or one refers to the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules.indexes.reading import rows_read
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Load, Table
from dbsbm.optimizer.statements.shape import ColumnRef, Operand


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns that are compared.

    Attributes:
        load: The statement that joins them.
        read: Rows that a run of it reads.
    """

    table: Table
    column: Column
    other_table: Table
    other: Column
    load: Load
    read: float


def joined_columns(case: Case) -> Iterator[Pair]:
    """Each pair that a statement joins, as each side sees it, with the one that reads most."""
    if isinstance(case.snapshot.load, Missing):
        return
    seen: set[tuple[str, ...]] = set()
    for load in sorted(case.snapshot.load, key=lambda load: -rows_read(case, load)):
        whole = case.shapes.get(load.digest)
        for shape in shapes_within(whole) if whole else ():
            for each in shape.predicates:
                if each.other is None or each.operand is not Operand.COLUMN or each.wrapped:
                    continue
                key = (*_key(each.column), *_key(each.other))
                pair = _pair(case, each.column, each.other, load) if key not in seen else None
                seen.add(key)
                if pair is not None:
                    yield pair


def _key(column: ColumnRef) -> tuple[str, str, str]:
    return column.schema, column.table, column.column


def _pair(case: Case, one: ColumnRef, other: ColumnRef, load: Load) -> Pair | None:
    table = case.snapshot.tables.get((one.schema, one.table))
    other_table = case.snapshot.tables.get((other.schema, other.table))
    if table is None or other_table is None:
        return None
    column, other_column = table.columns.get(one.column), other_table.columns.get(other.column)
    if column is None or other_column is None:
        return None
    return Pair(table, column, other_table, other_column, load, rows_read(case, load))
