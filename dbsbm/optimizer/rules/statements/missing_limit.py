"""Which statement sends more rows than anybody looks at?

Evidence: no LIMIT, no aggregate, and the rows that it sent.

Example: `SELECT id, title FROM posts WHERE published = 1` sends 40,000 rows a run, 600 times a day.

Silent about aggregates, about statements that ran fewer than MIN_CALLS times (an export sends all
rows, and runs now and then), and about lists of keys, which the caller has limited.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import (
    rows_given,
    spoken,
    statement_evidence,
    statement_object,
    table_name,
)
from dbsbm.optimizer.rules.statements.seen import table_of
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.statements.shape import Shape

NAME = "statement.missing_limit"

MIN_CALLS = 5
"""Runs from which on it is no export."""
MIN_SENT = 1_000
"""Rows a run that no page shows."""
WARNING_SENT = 5_000
_PAGE = 100


def examine(case: Case) -> list[Finding]:
    """Report each statement that sends a lot without a limit."""
    findings = []
    for load in case.load:
        shape = case.shapes.get(load.digest)
        if shape is None or load.calls < MIN_CALLS or rows_given(load) < MIN_SENT:
            continue
        table = table_of(case, shape.sources[0]) if shape.sources else None
        if table is not None and _is_unlimited(shape, table):
            findings.append(_finding(load, table))
    return findings


def _is_unlimited(shape: Shape, table: Table) -> bool:
    asks_for_keys = any(
        predicate.op == "in" and _is_key(predicate.column.column, table)
        for predicate in shape.predicates
    )
    is_plain = shape.verb == "select" and not (shape.aggregates or shape.distinct)
    return is_plain and shape.limit is None and not asks_for_keys


def _is_key(column: str, table: Table) -> bool:
    return any(index.unique and index.columns == (column,) for index in table.indexes)


def _finding(load: Load, table: Table) -> Finding:
    sent = rows_given(load)
    key = table.primary_key
    order = f" ORDER BY {', '.join(f'`{each}`' for each in key.columns)}" if key else ""
    ordered = "" if " ORDER BY " in load.text.upper() else order
    return Finding(
        rule=NAME,
        object=statement_object(table_name(table), load),
        severity="warning" if sent >= WARNING_SENT else "info",
        cause=(
            f"The statement has no LIMIT and sends {spoken(sent)} rows of {table.name} a run, "
            f"{load.calls:,} times."
        ),
        evidence={**statement_evidence(load), "table_rows": table.rows},
        fix=(f"{load.text.rstrip(' ;')}{ordered} LIMIT {_PAGE}",),
        expected_gain=f"sends a page of {_PAGE} rows in place of {spoken(sent)}",
        confidence=0.7,
        risk="none",
    )
