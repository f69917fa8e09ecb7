"""Which lookup runs once for each row of another statement, where one for all rows would do?

Evidence: a search by key whose runs are as many as the rows that another statement gave, of a table
that is related to that one: by a foreign key, or by a column named for the other table.

Example: `SELECT * FROM authors WHERE id = ?` ran 12,000 times; `SELECT * FROM books ... LIMIT 20`
ran 600 times and gave 12,000 rows, each with an author_id.

Silent about fewer than MIN_CALLS lookups or MIN_ROWS rows a run around them, numbers that differ by
more than TOLERANCE, tables that are not related, and statements that ask for lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import (
    column_name,
    counted,
    rows_given,
    statement_evidence,
    statement_object,
)
from dbsbm.optimizer.rules.statements.rewriting import with_conditions
from dbsbm.optimizer.rules.statements.seen import table_of
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.shape import Operand, Predicate, Shape

NAME = "statement.n_plus_one"

MIN_CALLS = 50
"""Lookups that nobody notices."""
MIN_ROWS = 3.0
"""Rows a run of the statement around them from which on it is a list."""
TOLERANCE = 0.05
"""How far both numbers may be apart: some rows have no relation, some statements just run."""
WARNING_CALLS = 500
_LIMIT = re.compile(r"\s+LIMIT\s+\S+\s*$", re.IGNORECASE)
_VALUES = {Operand.VALUE, Operand.NUMBER, Operand.TEXT}


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A statement that asks for the rows of one value of one column."""

    load: Load
    table: Table
    predicate: Predicate

    @property
    def column(self) -> str:
        return self.predicate.column.column


@dataclass(frozen=True, slots=True)
class _List:
    """A statement that gives many rows of tables."""

    load: Load
    tables: tuple[Table, ...]


def examine(case: Case) -> list[Finding]:
    """Report each lookup that runs once for each row of a list."""
    lists = list(_lists(case))
    found = []
    for lookup in _lookups(case):
        best = min(
            (each for each in lists if _fits(lookup, each, case)),
            key=lambda each: abs(each.load.rows_sent - lookup.load.calls),
            default=None,
        )
        if best is not None:
            found.append(_finding(lookup, best))
    return found


def _lookups(case: Case) -> Iterator[_Lookup]:
    for load in case.load:
        shape = case.shapes.get(load.digest)
        if shape is None or load.calls < MIN_CALLS:
            continue
        predicate = _only_equality(shape)
        table = table_of(case, shape.sources[0]) if shape.sources else None
        if predicate is not None and table is not None:
            yield _Lookup(load, table, predicate)


def _only_equality(shape: Shape) -> Predicate | None:
    equal = [
        each
        for each in shape.predicates
        if each.op == "=" and each.operand in _VALUES and not each.wrapped
    ]
    is_plain = shape.verb == "select" and len(shape.sources) == 1 and not shape.subqueries
    is_page = bool(shape.offset)
    return (
        equal[0]
        if is_plain and len(equal) == 1 and not shape.alternatives and not is_page
        else None
    )


def _lists(case: Case) -> Iterator[_List]:
    for load in case.load:
        shape = case.shapes.get(load.digest)
        if shape is None or shape.verb != "select" or rows_given(load) < MIN_ROWS:
            continue
        tables = [table_of(case, source) for source in shape.sources]
        known = tuple(table for table in tables if table is not None)
        if known:
            yield _List(load, known)


def _fits(lookup: _Lookup, around: _List, case: Case) -> bool:
    calls, rows = lookup.load.calls, around.load.rows_sent
    if around.load.digest == lookup.load.digest or abs(calls - rows) > TOLERANCE * rows:
        return False
    return any(_is_related(lookup, table) for table in around.tables)


def _is_related(lookup: _Lookup, around: Table) -> bool:
    """Tell whether a row of the list names the rows that are looked up, or they name it."""
    table, column = lookup.table, lookup.column
    if (table.schema, table.name) == (around.schema, around.name):
        return any(name.lower().startswith(("parent", "reply", "origin")) for name in table.columns)
    if _refers(around, table, column) or _refers_back(table, column, around):
        return True
    key = around.primary_key
    by_name = _names(around.name)
    names_it = any(
        f"{each}_id" == column.lower() or f"{each}id" == column.lower() for each in by_name
    )
    own_key = table.primary_key
    is_key = own_key is not None and own_key.columns == (column,)
    named_by = {f"{each}_id" for each in _names(table.name)} | {
        f"{each}id" for each in _names(table.name)
    }
    return (key is not None and names_it) or (
        is_key and any(_ends_with(name.lower(), named_by) for name in around.columns)
    )


def _refers(around: Table, table: Table, column: str) -> bool:
    return any(
        (each.other_schema, each.other_table) == (table.schema, table.name)
        and each.other_columns == (column,)
        for each in around.foreign_keys
    )


def _refers_back(table: Table, column: str, around: Table) -> bool:
    return any(
        (each.other_schema, each.other_table) == (around.schema, around.name)
        and each.columns == (column,)
        for each in table.foreign_keys
    )


def _names(table: str) -> set[str]:
    """How a column may call a row of a table: `categories` gives `category`."""
    name = table.lower()
    last = name.rsplit("_", 1)[-1]
    found = set()
    for each in (name, last):
        found.add(each)
        if each.endswith("ies"):
            found.add(f"{each[:-3]}y")
        if each.endswith("ves"):
            found.add(f"{each[:-3]}f")
        if each.endswith("es"):
            found.add(each[:-2])
        if each.endswith("s"):
            found.add(each[:-1])
    return found


def _ends_with(name: str, ends: set[str]) -> bool:
    return any(name == end or name.endswith(f"_{end}") for end in ends)


def _without_limit(text: str) -> str:
    """What ended the search for one row would cut off the others."""
    return _LIMIT.sub("", text)


def _finding(lookup: _Lookup, around: _List) -> Finding:
    load, table = lookup.load, lookup.table
    name = quoted(lookup.column)
    listed = f"{lookup.predicate.sql.split(' = ')[0]} IN (...)"
    return Finding(
        rule=NAME,
        object=statement_object(column_name(table, lookup.column), load),
        severity="warning" if load.calls >= WARNING_CALLS else "info",
        cause=(
            f"Rows of {table.name} are looked up by {lookup.column} {load.calls:,} times, once for "
            f"each of {around.load.rows_sent:,} rows that a statement on "
            f"{around.tables[0].name} gave in {around.load.calls:,} runs."
        ),
        evidence={
            **statement_evidence(load),
            "around": around.load.text,
            "around_calls": around.load.calls,
            "around_rows": around.load.rows_sent,
        },
        fix=(
            _without_limit(with_conditions(load.text, {lookup.predicate.sql: listed})),
            f"Ask once for all rows of the list, by IN or by a join on {table.name}.{name}.",
        ),
        expected_gain=(
            f"{around.load.calls:,} statements in place of {load.calls:,}: one for each list of "
            f"{counted(rows_given(around.load), 'row')}"
        ),
        confidence=0.85,
        risk="none",
    )
