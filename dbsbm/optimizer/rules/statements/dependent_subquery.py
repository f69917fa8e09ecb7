"""Which subquery is carried out anew for each row around it, where once would do?

Evidence: a subquery that names a column of the statement around it, or that an UPDATE or DELETE
looks up for each row of its table; and more rows read than both sides have together, or hundreds of
runs of an aggregate that read about as much as one pass over its table.

Example: `SELECT c.name, (SELECT MAX(o.placed_at) FROM orders o WHERE o.customer_id = c.id) FROM
customers c` reads 80,000 orders for each of 500 customers; a join with `SELECT customer_id,
MAX(placed_at) ... GROUP BY customer_id` reads them once.

Silent where few rows are around it, and where the server turned it into a join itself: in both few
rows are read. A remark where an index makes each run of the subquery cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import (
    spoken,
    statement_evidence,
    statement_object,
    table_name,
)
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.searching import ways
from dbsbm.optimizer.rules.indexes.uses import shapes_within, uses
from dbsbm.optimizer.rules.statements.decorrelation import decorrelated
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, expensive, is_heavy, table_of
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.statements.shape import Operand, Shape

NAME = "statement.dependent_subquery"

TIMES = 2.0
"""How many times all rows of all its tables a statement reads that reads some again and again."""
MANY_RUNS = 500
"""Runs of a subquery, each a search of its own, from which on one pass costs less."""
ONE_PASS = 0.5
"""Share of the subquery's table that all its runs read together: more than a page of it each."""
ABOUT_ALL = 0.9
_PLACES = {"scalar", "exists", "in"}
_CHANGES = {"update", "delete"}
_JOINS_CHANGES = {"mariadb": (11, 1), "mysql": (8, 0, 21)}
"""Versions from which on IN in an UPDATE or DELETE becomes a join by itself."""


def examine(case: Case) -> list[Finding]:
    """Report each subquery that reads the same rows again and again."""
    estimator = Estimator(case)
    findings = []
    for seen in expensive(case):
        table = next(_dependent_tables(seen.shape, case), None)
        if table is not None and seen.read >= TIMES * _once(seen.shape, case):
            findings.append(_finding(seen, table, case))
        elif (changed := _looked_up_in(seen, case)) is not None:
            findings.append(_looks_up(seen, changed, case))
        elif (many := _run_often(seen, case, estimator)) is not None:
            findings.append(_remark(seen, *many))
    return findings


def _dependent_tables(shape: Shape, case: Case) -> Iterator[Table]:
    for inner in shapes_within(shape):
        if inner.correlated and inner.place in _PLACES:
            for source in inner.sources:
                table = big_table(case, source)
                if table is not None:
                    yield table


def _looked_up_in(seen: Seen, case: Case) -> Table | None:
    """The table that is changed, where all of it is read since IN is no join there."""
    shape, server = seen.shape, case.snapshot.server
    if shape.verb not in _CHANGES or server.version >= _JOINS_CHANGES[server.flavor]:
        return None
    table = big_table(case, shape.sources[0]) if len(shape.sources) == 1 else None
    looks_up = any(inner.place == "in" and inner.sources for inner in shape.subqueries)
    is_indexed = table is not None and any(
        each.op == "in"
        and each.operand is Operand.SUBQUERY
        and any(way.columns[:1] == (each.column.column,) for way in ways(table))
        for each in shape.predicates
    )
    reads_all = table is not None and seen.read >= ABOUT_ALL * table.rows
    return table if looks_up and is_indexed and reads_all and seen.wastes else None


def _run_often(seen: Seen, case: Case, estimator: Estimator) -> tuple[Table, float] | None:
    """The table of an aggregate that is computed for each of many rows, and how many there are."""
    for outer in shapes_within(seen.shape):
        for inner in outer.subqueries:
            table = big_table(case, inner.sources[0]) if len(inner.sources) == 1 else None
            is_value = inner.correlated and inner.place == "scalar" and inner.aggregates
            if table is None or not is_value or seen.read < ONE_PASS * table.rows:
                continue
            runs = _runs(outer, seen, case, estimator)
            if runs >= MANY_RUNS:
                return table, runs
    return None


def _runs(outer: Shape, seen: Seen, case: Case, estimator: Estimator) -> float:
    """Rows for which a subquery is asked: those that meet all that is known without it."""
    if outer.limit is not None:
        return seen.given
    known = tuple(each for each in outer.predicates if each.operand is not Operand.SUBQUERY)
    alone = replace(outer, predicates=known, subqueries=())
    rows, placed = 1.0, frozenset[str]()
    for use in uses(alone, case):
        rows *= use.table.rows * estimator.matching(use, use.reachable(placed))
        placed |= {use.name}
    return min(rows, seen.read)


def _once(shape: Shape, case: Case) -> float:
    """Rows of all tables of the statement, each use of them read once."""
    tables = (table_of(case, source) for each in shapes_within(shape) for source in each.sources)
    return float(sum(table.rows for table in tables if table is not None))


def _remark(seen: Seen, table: Table, runs: float) -> Finding:
    return Finding(
        rule=NAME,
        object=statement_object(table_name(table), seen.load),
        severity="info",
        cause=(
            f"The subquery on {table.name} is carried out for each of about {spoken(runs)} rows a "
            "run, each time a search of its own."
        ),
        evidence={
            **statement_evidence(seen.load),
            "table_rows": table.rows,
            "searches_a_run": round(runs),
        },
        fix=(decorrelated(seen.load.text),),
        expected_gain=f"one pass over {table.name} in place of {spoken(runs)} searches a run",
        confidence=0.7,
        risk="none",
    )


def _looks_up(seen: Seen, table: Table, case: Case) -> Finding:
    verb = seen.shape.verb.upper()
    return Finding(
        rule=NAME,
        object=statement_object(table_name(table), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"{verb} with IN is no join in this version: all of {table.name} is read and looked up "
            f"in the subquery, {spoken(seen.read)} rows a run to change {spoken(seen.given)}."
        ),
        evidence={**statement_evidence(seen.load), "table_rows": table.rows},
        fix=(decorrelated(seen.load.text),),
        expected_gain=f"finds the rows of {table.name} by an index in place of reading all",
        confidence=0.9,
        risk="none",
    )


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
