"""Which statement hides a column from its index within a function or arithmetic?

Evidence: a condition such as `DATE(placed_at) = ?`, and many more rows read than given.

Example: `WHERE DATE(placed_at) = ?` reads all 80,000 rows for the 90 of one day;
`WHERE placed_at >= ? AND placed_at < ? + INTERVAL 1 DAY` reads 90 by an index on placed_at.

Silent about functions of the value that is compared with, tables of fewer than MIN_ROWS rows,
statements that read few rows or give most of what they read, and those that another condition
narrows: by an index that is there, or by one that `index.missing` asks for.
"""

from __future__ import annotations

from dataclasses import replace

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import (
    column_name,
    spoken,
    statement_evidence,
    statement_object,
)
from dbsbm.optimizer.rules.indexes.demand import best_for
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.judgement import is_wanted
from dbsbm.optimizer.rules.statements.rewriting import with_conditions
from dbsbm.optimizer.rules.statements.sargable import sargable
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, expensive, is_heavy
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Index, Server, Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.shape import Operand, Predicate, Shape

NAME = "statement.function_on_column"

_SEARCHES = {"=", "<=>", "in", "<", "<=", ">", ">=", "between", "like"}
_SPANS = {"date", "year", "date_format", "cast", "datediff", "left", "substring", "from_unixtime"}
"""Functions that give one value for a span of values: equality becomes a range."""
_NUMBERS = {
    "length",
    "char_length",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "dayofweek",
    "dayofmonth",
    "dayofyear",
    "weekday",
    "week",
    "quarter",
    "sign",
    "ascii",
    "crc32",
}


def examine(case: Case) -> list[Finding]:
    """Report each column that a function hides."""
    estimator = Estimator(case)
    found: dict[str, Finding] = {}
    for seen in expensive(case):
        for predicate in _hidden(seen, case) if seen.wastes else ():
            finding = _finding(seen, predicate, case, estimator)
            if finding is not None:
                found.setdefault(finding.id, finding)
    return list(found.values())


def _hidden(seen: Seen, case: Case) -> list[Predicate]:
    return [
        predicate
        for _, predicate in seen.predicates()
        if predicate.wrapped
        and predicate.op in _SEARCHES
        and predicate.operand is not Operand.COLUMN
        and big_table(case, predicate.column) is not None
    ]


def _finding(seen: Seen, predicate: Predicate, case: Case, estimator: Estimator) -> Finding | None:
    if best_for(case, estimator, seen.load, seen.shape):
        return None  # another condition is enough, once it has an index
    table = case.snapshot.tables[predicate.column.schema, predicate.column.table]
    column = table.columns[predicate.column.column]
    bare = sargable(predicate.sql, predicate.wrapped, column)
    if bare is None and (predicate.op == "like" or predicate.wrapped == "collate"):
        return None
    fix, revert = (
        _rewritten(seen, predicate, bare, case, estimator)
        if bare is not None
        else _computed(predicate, table, column, case.snapshot.server)
    )
    return Finding(
        rule=NAME,
        object=statement_object(column_name(table, column.name), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"The statement compares {predicate.wrapped.upper()} of {table.name}.{column.name}, "
            f"not the column: no index on it can be searched, and {spoken(seen.read)} rows are "
            "read a run."
        ),
        evidence={
            **statement_evidence(seen.load),
            "condition": predicate.sql,
            "instead": bare,
            "table_rows": table.rows,
        },
        fix=fix,
        revert=revert,
        expected_gain=_gain(seen),
        confidence=0.9,
        risk="low",
    )


def _gain(seen: Seen) -> str:
    if seen.shape.aggregates:
        return f"reads the rows that count in place of {spoken(seen.read)} a run"
    return f"reads about {spoken(max(seen.given, 1))} rows a run in place of {spoken(seen.read)}"


def _rewritten(
    seen: Seen, predicate: Predicate, bare: str, case: Case, estimator: Estimator
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    fix, revert = [with_conditions(seen.load.text, {predicate.sql: bare})], []
    for candidate, _ in best_for(case, estimator, seen.load, _bared(seen.shape, predicate)):
        table = candidate.table
        columns = candidate.ordered((), estimator.rank(table))
        if is_wanted(case, table, columns):
            continue
        index = Index(ddl.new_name(table, columns), ddl.parts_of(table, columns))
        fix.append(ddl.alter(table, ddl.add(index)))
        revert.append(ddl.alter(table, ddl.drop(index)))
    return tuple(fix), tuple(revert)


def _bared(shape: Shape, predicate: Predicate) -> Shape:
    """The shape as it is once the column stands alone."""
    is_span = predicate.wrapped in _SPANS and predicate.op == "="
    bare = replace(predicate, wrapped="", op="between" if is_span else predicate.op)
    return replace(
        shape,
        predicates=tuple(bare if each == predicate else each for each in shape.predicates),
        subqueries=tuple(_bared(each, predicate) for each in shape.subqueries),
    )


def _computed(
    predicate: Predicate, table: Table, column: Column, server: Server
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A column, or on MySQL 8 an index, of what the function gives."""
    side = _function_of(predicate)
    if server.flavor == "mysql" and server.version >= (8, 0, 13):
        name = ddl.new_name(table, (column.name, predicate.wrapped))
        index = Index(name, ())
        return (
            (ddl.alter(table, f"ADD INDEX {quoted(name)} (({side}))"),),
            (ddl.alter(table, ddl.drop(index)),),
        )
    new = _free_name(table, f"{column.name}_{_word(predicate.wrapped)}")
    kind = "INT" if predicate.wrapped in _NUMBERS else _type_of(column)
    index_name = ddl.new_name(table, (new,))
    added = f"ADD COLUMN {quoted(new)} {kind} GENERATED ALWAYS AS ({side}) VIRTUAL"
    indexed = f"ADD INDEX {quoted(index_name)} ({quoted(new)})"
    return (
        (
            ddl.alter(table, added),
            ddl.alter(table, indexed),
            f"In the statement, compare {quoted(new)} in place of {side}.",
        ),
        (ddl.alter(table, f"DROP INDEX {quoted(index_name)}"),
         ddl.alter(table, f"DROP COLUMN {quoted(new)}")),
    )  # fmt: skip


def _function_of(predicate: Predicate) -> str:
    """The function's call, with the column by its own name."""
    sql = predicate.sql
    for sign in (" = ", " <=> ", " IN (", " BETWEEN ", " >= ", " <= ", " > ", " < "):
        sql = sql.split(sign)[0]
    source = predicate.column.source
    return sql.replace(f"`{source}`.", "").replace(f"{source}.", "")


def _word(wrapped: str) -> str:
    return wrapped if wrapped.isidentifier() else "computed"


def _free_name(table: Table, name: str) -> str:
    taken = {each.lower() for each in table.columns}
    free, number = name[:60], 2
    while free.lower() in taken:
        free, number = f"{name[:60]}_{number}", number + 1
    return free


def _type_of(column: Column) -> str:
    is_long = column.base.endswith(("text", "json", "blob"))
    return "VARCHAR(255)" if is_long else column.type
