"""Which statement sorts a whole table by chance to take a few rows?

Evidence: ORDER BY RAND() on many rows.

Example: `ORDER BY RAND() LIMIT 3` reads and sorts 80,000 rows; a search from an id drawn by chance
reads three.

Silent about tables and results of fewer than MIN_READ rows.
"""

from __future__ import annotations

from sqlglot import exp

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import (
    counted,
    spoken,
    statement_evidence,
    statement_object,
    table_name,
)
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.rules.statements.rewriting import parse, statement
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, expensive, is_heavy
from dbsbm.optimizer.rules.statements.types import INTEGERS
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.server.quoting import quoted

NAME = "statement.order_by_random"


def examine(case: Case) -> list[Finding]:
    """Report each statement that sorts many rows by chance."""
    findings = []
    for seen in expensive(case):
        for shape in shapes_within(seen.shape):
            table = big_table(case, shape.sources[0]) if shape.sources else None
            if shape.random_order and table is not None:
                findings.append(_finding(seen, table, case))
                break
    return findings


def _finding(seen: Seen, table: Table, case: Case) -> Finding:
    return Finding(
        rule=NAME,
        object=statement_object(table_name(table), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"ORDER BY RAND() reads and sorts {spoken(seen.read)} rows of {table.name} a run to "
            f"give {spoken(seen.given)}."
        ),
        evidence={**statement_evidence(seen.load), "table_rows": table.rows},
        fix=_fix(seen, table),
        expected_gain=(
            f"reads about {counted(max(seen.given, 1), 'row')} a run "
            f"in place of {spoken(seen.read)}"
        ),
        confidence=0.95,
        risk="none",
    )


def _fix(seen: Seen, table: Table) -> tuple[str, ...]:
    key = table.primary_key
    columns = () if key is None else key.columns
    if len(columns) != 1 or table.columns[columns[0]].base not in INTEGERS:
        return ("Draw the rows by a number of their own: add a column RAND() and an index on it.",)
    name, full = quoted(columns[0]), ddl.full_name(table)
    # RAND() in a subquery would be drawn anew, and the subquery carried out, for each row.
    edges = f"SELECT MIN({name}), MAX({name}) FROM {full}"  # noqa: S608 -- advice: nothing runs it
    drawn = f"Draw the number for {name} in the program, between the answers of {edges}."
    tree = parse(seen.load.text)
    if not isinstance(tree, exp.Select):
        return (f"Ask for {name} >= ? ORDER BY {name} LIMIT ?", drawn)
    if len(seen.shape.sources) > 1:
        name = f"{quoted(seen.shape.sources[0].name)}.{name}"
    picked = tree.where(f"{name} >= ?", dialect="mysql").order_by(
        name, append=False, dialect="mysql"
    )
    return statement(picked), drawn
