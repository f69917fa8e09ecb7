"""Which statement carries hundreds of values in a list?

Evidence: the values of a known run, or the rows that are read for a list of values of a key.

Example: `WHERE id IN (...)` reads 2,000 rows a run, one for each value: the text is parsed and
planned anew each time, and may be longer than the server accepts.

Silent about lists of fewer than MIN_VALUES, and where the length cannot be told: a list on a
column with many rows a value.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import (
    column_name,
    rows_given,
    rows_read,
    spoken,
    statement_evidence,
    statement_object,
)
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.reading import MIN_CALLS
from dbsbm.optimizer.rules.indexes.searching import search, ways
from dbsbm.optimizer.rules.indexes.uses import uses
from dbsbm.optimizer.rules.statements.rewriting import with_conditions
from dbsbm.optimizer.rules.statements.seen import table_of
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.statements.shape import Predicate, Shape

NAME = "statement.huge_in"

MIN_VALUES = 500
"""Values beyond which planning costs as much as reading. From 200 on (eq_range_index_dive_limit)
servers stop looking at each value and guess."""


def examine(case: Case) -> list[Finding]:
    """Report each list that is too long."""
    estimator = Estimator(case)
    findings = []
    for load in case.load:
        shape = case.shapes.get(load.digest)
        if shape is None or load.calls < MIN_CALLS:
            continue
        for predicate in shape.predicates:
            table = table_of(case, predicate.column)
            if predicate.op != "in" or predicate.wrapped or table is None:
                continue
            size = predicate.size or _told_by_rows(load, shape, predicate, case, estimator)
            if size >= MIN_VALUES:
                findings.append(_finding(load, predicate, table, size))
                break
    return findings


def _told_by_rows(
    load: Load, shape: Shape, predicate: Predicate, case: Case, estimator: Estimator
) -> int:
    """About how many values a list has of which each is found by an index; 0 if that is unclear."""
    found = uses(shape, case)
    column = predicate.column.column
    if len(shape.sources) != 1 or shape.subqueries or len(found) != 1 or shape.limit:
        return 0
    use = found[0]
    by_it = any(column in search(way, use, use.given).equal for way in ways(use.table))
    a_value = use.table.rows * estimator.share(use.table, (column,))
    is_whole = rows_read(load) >= 0.9 * use.table.rows
    if not by_it or a_value > 1.5 or (is_whole and rows_given(load) < 0.5 * rows_read(load)):
        return 0
    return round(rows_read(load) / max(a_value, 1.0))


def _finding(load: Load, predicate: Predicate, table: Table, size: int) -> Finding:
    column = predicate.column
    listed = f"JSON_TABLE(?, '$[*]' COLUMNS (value {_kind(table, column.column)} PATH '$')) AS v"
    asked = predicate.sql.split(" IN ")[0]
    joined = f"{asked} IN (SELECT v.value FROM {listed})"  # noqa: S608 -- advice: nothing runs it
    return Finding(
        rule=NAME,
        object=statement_object(column_name(table, column.column), load),
        severity="warning",
        cause=(
            f"About {spoken(size)} values a run are listed for {table.name}.{column.column}: each "
            "run is a new text to send, to parse and to plan."
        ),
        evidence={**statement_evidence(load), "condition": predicate.sql, "values": size},
        fix=(
            f"Join what the values came from, or ask in batches of {MIN_VALUES // 5}.",
            with_conditions(load.text, {predicate.sql: joined}),
        ),
        expected_gain="one short text for each run, which is planned by what is in the tables",
        confidence=0.95 if predicate.size else 0.75,
        risk="none",
    )


def _kind(table: Table, column: str) -> str:
    return table.columns[column].type.upper()
