"""What tells that a column's type does not fit, and the finding that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import column_name
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.rules.statements.types import is_text
from dbsbm.optimizer.server.case import Case, Content
from dbsbm.optimizer.server.model import Column, Load, Table
from dbsbm.optimizer.statements.shape import ColumnRef, Shape

NAME = "schema.wrong_type"

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
MIN_ROWS = 1_000
"""Rows of a table whose values are looked at."""
MIN_VALUES = 50
"""Values of a sample that are alike by no chance."""


def content_of(case: Case, table: Table, column: Column) -> Content | None:
    """What a sample of the column looks like, None where there is none that says anything."""
    if case.ask is None or table.rows < MIN_ROWS:
        return None
    found = case.ask.content(table, column.name)
    return None if isinstance(found, Missing) or found.values < MIN_VALUES else found


def shapes_of(case: Case) -> Iterator[tuple[Load, Shape]]:
    """Every kind of statement with each of its subqueries."""
    for load in () if isinstance(case.snapshot.load, Missing) else case.snapshot.load:
        whole = case.shapes.get(load.digest)
        for shape in shapes_within(whole) if whole else ():
            yield load, shape


def place_of(case: Case, place: ColumnRef) -> tuple[Table, Column] | None:
    """The column that a statement names, None for one that the schema does not have."""
    table = case.snapshot.tables.get((place.schema, place.table))
    column = table.columns.get(place.column) if table is not None else None
    return None if table is None or column is None else (table, column)


def sampled(content: Content, *what: str) -> dict[str, Any]:
    """Counts of a sample, as evidence."""
    return {"sample": {each: getattr(content, each) for each in ("values", *what)}}


def words(name: str) -> str:
    """A name with its words apart: `dueOn` as `due_On`."""
    return _HUMP.sub("_", name)


def mistyped(
    table: Table,
    column: Column,
    cause: str,
    kind: str,
    *,
    evidence: dict[str, Any],
    confidence: float,
    gain: str = "values are compared as what they are, and by their index",
) -> Finding:
    """The finding about a column that should be of another type."""
    texts = {"charset": "", "collation": ""} if is_text(column) else {}
    return Finding(
        rule=NAME,
        object=column_name(table, column.name),
        severity="warning",
        cause=cause,
        evidence={**evidence, "type": column.type, "fitting_type": kind},
        fix=(ddl.alter(table, ddl.modify(column, type=kind, **texts)),),
        revert=(ddl.alter(table, ddl.modify(column)),),
        expected_gain=gain,
        confidence=confidence,
        risk="high",
    )
