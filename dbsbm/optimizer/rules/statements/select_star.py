"""Which statement asks for all columns of rows that are wide?

Evidence: `*` on a table with long texts, many rows a run, and the size of its rows.

Example: `SELECT * FROM posts WHERE author_id = ?` sends 200 rows a run of 3 KB each, of which 2.9
KB are the text; the list that is shown needs id and title.

Silent about narrow tables, about fewer than MIN_SENT rows a run (one row is shown whole), and
where it is a subquery of which little is sent.
"""

from __future__ import annotations

from sqlglot import exp

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import (
    rows_given,
    spoken,
    statement_evidence,
    statement_object,
    table_name,
)
from dbsbm.optimizer.rules.indexes.candidate import is_long
from dbsbm.optimizer.rules.indexes.reading import MIN_CALLS
from dbsbm.optimizer.rules.statements.rewriting import parse, statement
from dbsbm.optimizer.rules.statements.seen import table_of
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.statements.shape import Shape

NAME = "statement.select_star"

MIN_SENT = 20
"""Rows a run below which it is a page that may show all of a row."""
MIN_ROW_BYTES = 300
"""A narrower row fits where its columns would."""
MIN_BYTES = 16 * 1024
"""Bytes a run that are sent within a round trip of a network."""


def examine(case: Case) -> list[Finding]:
    """Report each statement that sends wide rows whole."""
    return [
        _finding(load, table, case)
        for load in case.load
        for table in [_wide_table(load, case)]
        if table is not None
    ]


def _wide_table(load: Load, case: Case) -> Table | None:
    shape = case.shapes.get(load.digest)
    if shape is None or load.calls < MIN_CALLS or rows_given(load) < MIN_SENT:
        return None
    for source in shape.stars:
        table = table_of(case, source)
        if table is not None and _is_wide(table) and rows_given(load) * _width(table) >= MIN_BYTES:
            return table
    return None


def _is_wide(table: Table) -> bool:
    return _width(table) >= MIN_ROW_BYTES and any(is_long(each) for each in table.columns.values())


def _width(table: Table) -> float:
    return table.bytes / max(table.rows, 1)


def _finding(load: Load, table: Table, case: Case) -> Finding:
    wide = [name for name, column in table.columns.items() if is_long(column)]
    size = rows_given(load) * _width(table)
    return Finding(
        rule=NAME,
        object=statement_object(table_name(table), load),
        severity="warning",
        cause=(
            f"SELECT * sends {', '.join(wide)} of {table.name} with each of "
            f"{spoken(rows_given(load))} rows a run, about {size / 1024:,.0f} KiB."
        ),
        evidence={
            **statement_evidence(load),
            "row_bytes": round(_width(table)),
            "wide_columns": wide,
            "table_rows": table.rows,
        },
        fix=(_named(load, case.shapes[load.digest], case),),
        expected_gain="sends and reads only the columns that are needed",
        confidence=0.8,
        risk="none",
    )


def _named(load: Load, shape: Shape, case: Case) -> str:
    """The statement with the narrow columns named; who needs a wide one adds it."""
    tree = parse(load.text)
    tables = [(source, table_of(case, source)) for source in shape.stars]
    names = [
        exp.column(name, table=source.name if len(shape.sources) > 1 else None, quoted=True)
        for source, table in tables
        for name, column in (table.columns.items() if table is not None else ())
        if not is_long(column)
    ]
    if not isinstance(tree, exp.Select) or not all(table for _, table in tables):
        spelled = ", ".join(each.sql("mysql") for each in names)
        return f"Name the columns that are needed, such as {spelled}."
    tree = tree.copy()
    others = [each for each in tree.selects if not _is_star(each)]
    tree.set("expressions", [*names, *(each.copy() for each in others)])
    return statement(tree)


def _is_star(selected: exp.Expr) -> bool:
    return isinstance(selected, exp.Star) or isinstance(selected.this, exp.Star)
