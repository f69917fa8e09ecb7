"""Which statement hides a column from its index within a function or arithmetic?

Evidence: a condition such as `DATE(placed_at) = ?`, and many more rows read than given.

Example: `WHERE DATE(placed_at) = ?` reads all 80,000 rows for the 90 of one day;
`WHERE placed_at >= ? AND placed_at < ? + INTERVAL 1 DAY` reads 90 by an index on placed_at.

Silent about functions of the value that is compared with, tables of fewer than MIN_ROWS rows,
statements that read few rows or give most of what they read, and those that another condition
narrows: by an index that is there, or by one that `index.missing` asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import (
    column_name,
    counted,
    spoken,
    statement_evidence,
    statement_object,
)
from dbsbm.optimizer.rules.indexes.candidate import is_long
from dbsbm.optimizer.rules.indexes.demand import best_for
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.judgement import is_wanted
from dbsbm.optimizer.rules.statements.rewriting import with_conditions
from dbsbm.optimizer.rules.statements.sargable import sargable
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, expensive, is_heavy
from dbsbm.optimizer.rules.statements.types import is_text
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Index, Server, Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.shape import Operand, Predicate, Shape

NAME = "statement.function_on_column"

PART = 0.1
"""Share of the rows that a statement reads, below which a table is not what makes it slow."""
_SEARCHES = {"=", "<=>", "in", "<", "<=", ">", ">=", "between", "like"}
_SPANS = {"date", "year", "date_format", "cast", "datediff", "left", "substring", "from_unixtime"}
"""Functions that give one value for a span of values: equality becomes a range."""
_KINDS = {
    **dict.fromkeys(
        (
            *("length", "char_length", "octet_length", "bit_length", "ascii", "sign", "extract"),
            *("month", "day", "hour", "minute", "second", "microsecond", "dayofweek", "quarter"),
            *("dayofmonth", "dayofyear", "weekday", "week", "weekofyear", "yearweek"),
        ),
        "INT",
    ),
    **dict.fromkeys(("crc32", "inet_aton", "time_to_sec", "to_seconds", "&", "|", "^"), "BIGINT"),
    "date": "DATE",
    "time": "TIME",
    "md5": "CHAR(32)",
    "sha1": "CHAR(40)",
}
"""Types of what functions give."""
_BY_FORMAT = {"date_format"}
_ONLY_PERIODS = (
    "Only where the format is that of a period, such as a year, a month or a day: what comes back "
    "each year, such as a birthday, needs a column of its own."
)
_SAME = {"abs", "last_day", "mod", "%", "div"}
_SAME_TEXT = {
    *("lower", "upper", "lcase", "ucase", "trim", "ltrim", "rtrim", "reverse", "left", "right"),
    *("substring", "substr", "substring_index", "collate"),
}


def examine(case: Case) -> list[Finding]:
    """Report each column that a function hides."""
    estimator = Estimator(case)
    return [
        finding
        for seen in expensive(case)
        for predicates in (_hidden(seen, case) if seen.wastes else ())
        if (finding := _finding(seen, predicates, case, estimator)) is not None
    ]


def _hidden(seen: Seen, case: Case) -> list[list[Predicate]]:
    """The conditions that hide a column, for each column."""
    columns: dict[tuple[str, str, str], list[Predicate]] = {}
    for _, predicate in seen.predicates():
        column = predicate.column
        table = big_table(case, column)
        if (
            predicate.wrapped
            and predicate.op in _SEARCHES
            and predicate.operand is not Operand.COLUMN
            and table is not None
            and table.rows >= PART * seen.read
        ):
            columns.setdefault((column.schema, column.table, column.column), []).append(predicate)
    return list(columns.values())


def _finding(
    seen: Seen, predicates: list[Predicate], case: Case, estimator: Estimator
) -> Finding | None:
    if best_for(case, estimator, seen.load, seen.shape):
        return None  # another condition is enough, once it has an index
    predicate = predicates[0]
    table = case.snapshot.tables[predicate.column.schema, predicate.column.table]
    column = table.columns[predicate.column.column]
    bare = {
        each: instead
        for each in predicates
        if (instead := sargable(each.sql, each.wrapped, column)) is not None
    }
    if not bare and (predicate.op == "like" or predicate.wrapped == "collate"):
        return None
    fix, revert = (
        _rewritten(seen, bare, case, estimator)
        if bare
        else _computed(predicate, table, column, case.snapshot.server)
    )
    shown = next(iter(bare), predicate)
    return Finding(
        rule=NAME,
        object=statement_object(column_name(table, column.name), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"The statement compares {shown.wrapped.upper()} of {table.name}.{column.name}, "
            f"not the column: no index on it can be searched, and {spoken(seen.read)} rows are "
            "read a run."
        ),
        evidence={
            **statement_evidence(seen.load),
            "condition": " AND ".join(each.sql for each in bare) or predicate.sql,
            "instead": " AND ".join(bare.values()) or None,
            "table_rows": table.rows,
        },
        fix=fix,
        revert=revert,
        expected_gain=_gain(seen),
        confidence=0.6 if shown.wrapped in _BY_FORMAT else 0.9,
        risk="low",
    )


def _gain(seen: Seen) -> str:
    if seen.shape.aggregates:
        return f"reads the rows that count in place of {spoken(seen.read)} a run"
    return f"reads about {counted(max(seen.given, 1), 'row')} a run in place of {spoken(seen.read)}"


def _rewritten(
    seen: Seen, bare: Mapping[Predicate, str], case: Case, estimator: Estimator
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    conditions = {each.sql: instead for each, instead in bare.items()}
    fix, revert = [with_conditions(seen.load.text, conditions)], []
    if any(each.wrapped in _BY_FORMAT for each in bare):
        fix.append(_ONLY_PERIODS)
    for candidate, _ in best_for(case, estimator, seen.load, _bared(seen.shape, bare)):
        table = candidate.table
        columns = candidate.ordered((), estimator.rank(table))
        if is_wanted(case, table, columns):
            continue
        index = Index(ddl.new_name(table, columns), ddl.parts_of(table, columns))
        fix.append(ddl.alter(table, ddl.add(index)))
        revert.append(ddl.alter(table, ddl.drop(index)))
    return tuple(fix), tuple(revert)


def _bared(shape: Shape, bare: Mapping[Predicate, str]) -> Shape:
    """The shape as it is once the columns stand alone."""
    return replace(
        shape,
        predicates=tuple(_alone(each) if each in bare else each for each in shape.predicates),
        subqueries=tuple(_bared(each, bare) for each in shape.subqueries),
    )


def _alone(predicate: Predicate) -> Predicate:
    is_span = predicate.wrapped in _SPANS and predicate.op == "="
    return replace(predicate, wrapped="", op="between" if is_span else predicate.op)


def _computed(
    predicate: Predicate, table: Table, column: Column, server: Server
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A column, or on MySQL 8 an index, of what the function gives."""
    side = _function_of(predicate)
    kind = _kind_of(predicate.wrapped, column)
    if predicate.wrapped == "find_in_set":
        return (f"Keep each part of {column.name} in a row of a table of its own.",), ()
    # What a run knows cannot be shown, and a text that is no number may stop an INSERT.
    if "?" in side or "..." in side or kind is None:
        return (f"Keep {side} in a column of its own, with an index, and compare that.",), ()
    if server.flavor == "mysql" and server.version >= (8, 0, 13):
        name = ddl.new_name(table, (column.name, predicate.wrapped))
        index = Index(name, ())
        return (
            (ddl.alter(table, f"ADD INDEX {quoted(name)} (({side}))"),),
            (ddl.alter(table, ddl.drop(index)),),
        )
    new = _free_name(table, f"{column.name}_{_word(predicate.wrapped)}")
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


def _kind_of(wrapped: str, column: Column) -> str | None:
    """The type of what a function of the column gives, None where that is not known."""
    if wrapped in _SAME_TEXT and is_text(column):
        return "VARCHAR(255)" if is_long(column) else column.type
    return column.type if wrapped in _SAME else _KINDS.get(wrapped)


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
