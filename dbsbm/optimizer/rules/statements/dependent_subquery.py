"""Which subquery is carried out anew for each row around it, where once would do?

Evidence: a subquery that names a column of the statement around it, and more rows read than both
sides have together.

Example: `SELECT c.name, (SELECT MAX(o.placed_at) FROM orders o WHERE o.customer_id = c.id) FROM
customers c` reads 80,000 orders for each of 500 customers; a join with `SELECT customer_id,
MAX(placed_at) ... GROUP BY customer_id` reads them once.

Silent where an index makes each run of the subquery cheap, where few rows are around it, and where
the server turned it into a join itself: in all of these few rows are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import (
    spoken,
    statement_evidence,
    statement_object,
    table_name,
)
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.rules.statements.decorrelation import decorrelated
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, expensive, is_heavy, table_of
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.statements.shape import Shape

NAME = "statement.dependent_subquery"

TIMES = 2.0
"""How many times all rows of all its tables a statement reads that reads some again and again."""
_PLACES = {"scalar", "exists", "in"}


def examine(case: Case) -> list[Finding]:
    """Report each subquery that reads the same rows again and again."""
    findings = []
    for seen in expensive(case):
        table = next(_dependent_tables(seen.shape, case), None)
        if table is not None and seen.read >= TIMES * _once(seen.shape, case):
            findings.append(_finding(seen, table, case))
    return findings


def _dependent_tables(shape: Shape, case: Case) -> Iterator[Table]:
    for inner in shapes_within(shape):
        if inner.correlated and inner.place in _PLACES:
            for source in inner.sources:
                table = big_table(case, source)
                if table is not None:
                    yield table


def _once(shape: Shape, case: Case) -> float:
    """Rows of all tables of the statement, each use of them read once."""
    tables = (table_of(case, source) for each in shapes_within(shape) for source in each.sources)
    return float(sum(table.rows for table in tables if table is not None))


def _finding(seen: Seen, table: Table, case: Case) -> Finding:
    once = _once(seen.shape, case)
    return Finding(
        rule=NAME,
        object=statement_object(table_name(table), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"The subquery on {table.name} is carried out for each row around it: "
            f"{spoken(seen.read)} rows are read a run, of tables that have {spoken(once)}."
        ),
        evidence={
            **statement_evidence(seen.load),
            "table_rows": table.rows,
            "rows_of_all_tables": once,
        },
        fix=(decorrelated(seen.load.text),),
        expected_gain=f"reads at most {spoken(once)} rows a run in place of {spoken(seen.read)}",
        confidence=0.9,
        risk="none",
    )
