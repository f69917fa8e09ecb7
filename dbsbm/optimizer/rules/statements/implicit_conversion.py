"""Which statement makes the server convert a column before it can compare it?

Evidence: a text column that is compared with a number, as a known run shows; one that an index
should find by value and that nevertheless reads about all rows; or two joined columns that differ
in type, character set or collation.

Example: `WHERE phone = ?`, run with a number: phone is text and indexed, yet each run reads all
80,000 rows, since '007' and '7' are both 7.

Silent where few rows are read in spite of the conversion, about tables of fewer than MIN_ROWS rows,
numbers that are compared with texts (that converts the value, not the column), and where an order
or another table may be why all is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import (
    column_name,
    counted,
    spoken,
    statement_evidence,
    statement_object,
)
from dbsbm.optimizer.rules.indexes.demand import best_for
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.searching import ways
from dbsbm.optimizer.rules.statements.rewriting import with_conditions
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, column_of, expensive, is_heavy
from dbsbm.optimizer.rules.statements.types import Difference, converted, difference, is_text
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Table
from dbsbm.optimizer.statements.shape import ColumnRef, Operand, Predicate

NAME = "statement.implicit_conversion"

ABOUT_ALL = 0.5
"""Share of a table that is read where the index should have found SHOULD_FIND of it at most."""
SHOULD_FIND = 0.05
NEARLY_ALL = 0.95
MIN_GAIN = 5.0
"""How many times fewer rows a join of like columns would have to read."""

_LIST = re.compile(r"\((?:\.\.\.|\?\+)\)")
_COMPARED = {"=", "<=>", "in", "<", "<=", ">", ">=", "between"}


def examine(case: Case) -> list[Finding]:
    """Report each column that is converted."""
    estimator = Estimator(case)
    found: dict[str, Finding] = {}
    for seen in expensive(case):
        for finding in (*_values(seen, case, estimator), *_joins(seen, case, estimator)):
            found.setdefault(finding.id, finding)
    return list(found.values())


def _values(seen: Seen, case: Case, estimator: Estimator) -> Iterator[Finding]:
    for _, predicate in seen.predicates():
        table, column = big_table(case, predicate.column), column_of(case, predicate.column)
        if table is None or column is None or not is_text(column) or predicate.wrapped:
            continue
        is_number = predicate.operand is Operand.NUMBER or predicate.numbers
        is_known = is_number and predicate.op in _COMPARED
        if (is_known and seen.wastes) or _is_inferred(seen, predicate, table, case, estimator):
            yield _compared_with_number(seen, predicate, table, column, case, is_known=is_known)


def _is_inferred(
    seen: Seen, predicate: Predicate, table: Table, case: Case, estimator: Estimator
) -> bool:
    """Tell whether an index should have found it, and nothing else explains why not."""
    shape = seen.shape
    is_value = predicate.op in {"=", "in"} and predicate.operand in {Operand.VALUE, Operand.LIST}
    is_plain = not (shape.subqueries or shape.alternatives or _joins_unlike(seen, case))
    may_follow_order = shape.limit is not None and bool(shape.order)
    has_index = any(way.columns[:1] == (predicate.column.column,) for way in ways(table))
    if not (is_value and is_plain and has_index) or may_follow_order:
        return False
    # What is counted may be most rows: then only a whole scan is told from a long search.
    read = NEARLY_ALL if shape.aggregates else ABOUT_ALL
    if estimator.share(table, (predicate.column.column,)) > SHOULD_FIND:
        return False
    as_found = estimator.statement(seen.load, shape, ways).rows
    is_waste = seen.wastes and as_found * MIN_GAIN <= seen.read
    return is_waste and seen.read >= read * table.rows and not _is_planned(seen, predicate, case)


def _joins_unlike(seen: Seen, case: Case) -> bool:
    """Tell whether the statement joins columns that differ, which may be why all is read."""
    for _, predicate in seen.predicates():
        column = column_of(case, predicate.column)
        other = column_of(case, predicate.other) if predicate.other is not None else None
        if column is not None and other is not None and difference(column, other) is not None:
            return True
    return False


def _is_planned(seen: Seen, predicate: Predicate, case: Case) -> bool:
    """Tell whether the server would read all of it even where types are alike."""
    plan = case.ask.plan(seen.load) if case.ask is not None else Missing("Nobody to ask.")
    return not isinstance(plan, Missing) and any(
        access.source == predicate.column.source and access.type == "ALL"
        for access in plan.accesses
    )


def _compared_with_number(
    seen: Seen,
    predicate: Predicate,
    table: Table,
    column: Column,
    case: Case,
    *,
    is_known: bool,
) -> Finding:
    why = "a number" if is_known else "a number or a text of another collation"
    text = _LIST.sub("(?)", predicate.sql).replace("?", _as_text(column))
    return Finding(
        rule=NAME,
        object=statement_object(column_name(table, column.name), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"{table.name}.{column.name} is {column.type} and is compared with {why}: the server "
            f"converts every row before it compares, and reads {spoken(seen.read)} rows a run."
        ),
        evidence={
            **statement_evidence(seen.load),
            "condition": predicate.sql,
            "column_type": column.type,
            "collation": column.collation,
            "seen": "in a run" if is_known else "by the rows that are read in spite of an index",
            "table_rows": table.rows,
        },
        fix=(with_conditions(seen.load.text, {predicate.sql: text}),),
        expected_gain=(
            f"reads about {counted(max(seen.given, 1), 'row')} a run "
            f"in place of {spoken(seen.read)}: "
            "the value has to be passed as text"
        ),
        confidence=0.95 if is_known else 0.8,
        risk="none",
    )


def _as_text(column: Column) -> str:
    if not column.charset or not column.collation:
        return "CAST(? AS CHAR)"
    return f"CAST(? AS CHAR CHARACTER SET {column.charset}) COLLATE {column.collation}"


def _joins(seen: Seen, case: Case, estimator: Estimator) -> Iterator[Finding]:
    for _, predicate in seen.predicates():
        place, other = predicate.column, predicate.other
        table, column = big_table(case, place), column_of(case, place)
        if other is None or table is None or column is None or not _is_plain_join(predicate):
            continue
        against = _compared_as(column_of(case, other), predicate)
        if against is None or not _gives_way(column, against, predicate):
            continue
        why = difference(column, against)
        if why is not None and _would_be_fewer(seen, table, case, estimator):
            yield _joined(seen, (place, column, table), (other, against), why, case)


def _is_plain_join(predicate: Predicate) -> bool:
    is_join = predicate.operand is Operand.COLUMN or bool(predicate.collation)
    return is_join and predicate.op in {"=", "<=>"} and not predicate.wrapped


def _compared_as(column: Column | None, predicate: Predicate) -> Column | None:
    """The other column, as COLLATE makes it."""
    if column is None or not predicate.collation or not column.charset:
        return column
    return replace(column, collation=predicate.collation)


def _gives_way(column: Column, against: Column, predicate: Predicate) -> bool:
    """Tell whether the column is converted: what COLLATE says always wins."""
    if predicate.collation:
        return difference(column, against) in {"collations", "character sets"}
    return converted(column, against)


def _would_be_fewer(seen: Seen, table: Table, case: Case, estimator: Estimator) -> bool:
    """Tell whether the statement would read much less if the columns were alike."""
    as_alike = estimator.statement(seen.load, seen.shape, ways).rows
    reads_all = seen.read >= ABOUT_ALL * table.rows
    is_fewer = as_alike * MIN_GAIN <= seen.read
    return reads_all and (is_fewer or bool(best_for(case, estimator, seen.load, seen.shape)))


def _joined(
    seen: Seen,
    converted_one: tuple[ColumnRef, Column, Table],
    against: tuple[ColumnRef, Column],
    why: Difference,
    case: Case,
) -> Finding:
    place, column, table = converted_one
    other, model = against
    return Finding(
        rule=NAME,
        object=statement_object(column_name(table, column.name), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"{place.table}.{place.column} and {other.table}.{other.column} are joined and differ "
            f"in {why}: {_spelled(column)} is converted for each row to {_spelled(model)}, so that "
            "its index cannot be searched."
        ),
        evidence={
            **statement_evidence(seen.load),
            "column": f"{place.table}.{place.column}: {_spelled(column)}",
            "joined_with": f"{other.table}.{other.column}: {_spelled(model)}",
            "table_rows": table.rows,
        },
        fix=(ddl.alter(table, ddl.modify_like(column, model)),),
        revert=(ddl.alter(table, ddl.modify(column)),),
        expected_gain=f"finds rows by an index where {spoken(seen.read)} rows a run are read now",
        confidence=0.9,
        risk="medium",
    )


def _spelled(column: Column) -> str:
    return f"{column.type} {column.collation}" if column.collation else column.type
