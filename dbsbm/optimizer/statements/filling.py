"""Turns a statement without its values into one that a server can plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbsbm.optimizer.statements.scope import Tables, column_name, find_table
from dbsbm.optimizer.statements.spelling import MANY, parsable, verb_of

Wanted = Literal["some", "low", "high", "begin"]
"""Any value, one that few values are below, one that few are above, or a pattern of its begin."""
Value = Callable[[tuple[str, str], str, Wanted, int], str]
"""Gives a value of a column as SQL; the number tells values of one list apart."""

_LIST_LENGTH = 3
_ROWS = "20"
_LOWER, _HIGHER = (exp.LT, exp.LTE), (exp.GT, exp.GTE)
_CONDITIONS = (
    *(exp.EQ, exp.NullSafeEQ, exp.NEQ, exp.In, exp.Between, exp.Like, exp.RegexpLike),
    *_LOWER,
    *_HIGHER,
)


def fill(text: str, schema: str, tables: Tables, value: Value) -> str | None:
    """Put values where a text has `?`, and make a SELECT of what would write.

    Args:
        text: The statement, with values or without.
        schema: The default database in which it ran.
        tables: The schema.
        value: Gives typical values.

    Returns:
        A SELECT that reads the rows which the statement reads; None if it cannot be made.
    """
    written = parsable(text) if verb_of(text) else None
    if written is None:
        return None
    try:
        statement = _as_select(sqlglot.parse_one(written, read="mysql"))
        return None if statement is None else _filled(statement, schema, tables, value)
    except (SqlglotError, RecursionError):
        return None


def _filled(statement: exp.Expr, schema: str, tables: Tables, value: Value) -> str:
    _write_out_rows(statement)
    for number, place in enumerate(list(statement.find_all(exp.Placeholder))):
        values = _values(place, number, schema, tables, value)
        place.replace(values[0])
        if len(values) > 1:
            _extend(values)
    return statement.sql("mysql")


def _write_out_rows(statement: exp.Expr) -> None:
    """`(a, b) IN ((...))` with one row of as many values as there are columns."""
    for condition in statement.find_all(exp.In):
        row = condition.this.unnest()
        values = condition.expressions
        if isinstance(row, exp.Tuple) and values and values[0].unnest().name == MANY:
            places = [exp.Placeholder() for _ in row.expressions]
            condition.set("expressions", [exp.Tuple(expressions=places)])


def _as_select(statement: exp.Expr) -> exp.Expr | None:
    if isinstance(statement, exp.Insert):
        inner = statement.expression
        return inner if isinstance(inner, exp.Query) else None
    if isinstance(statement, (exp.Update, exp.Delete)):
        clauses = {name: statement.args.get(name) for name in ("with_", "where", "order", "limit")}
        statement = exp.Select(
            expressions=[exp.Literal.number(1)],
            from_=exp.From(this=statement.this),
            **{name: clause for name, clause in clauses.items() if clause is not None},
        )
    if not isinstance(statement, exp.Query):
        return None
    for select in statement.find_all(exp.Select):
        select.set("locks", None)  # to lock rows is to write, in a session that only reads
        select.set("into", None)
    return statement


def _values(
    place: exp.Placeholder, number: int, schema: str, tables: Tables, value: Value
) -> list[exp.Expr]:
    count = _LIST_LENGTH if place.name == MANY else 1
    if place.find_ancestor(exp.Limit, exp.Offset) is not None:
        return [exp.Literal.number(_ROWS)]
    condition = place.find_ancestor(*_CONDITIONS, exp.Select)
    column = None if condition is None else _compared(place, condition)
    if column is None or condition is None or place.find_ancestor(exp.Interval) is not None:
        return [exp.Literal.number(1)]
    if _is_arithmetic(place):
        return [exp.Literal.number(1)]
    key = _table_of(column, place, schema, tables)
    if key is None:
        return [exp.Literal.number(1)]
    spelled = column_name(tables[key], column.name) or column.name
    wanted = _wanted(place, condition)
    return [_literal(value(key, spelled, wanted, number + each)) for each in range(count)]


def _literal(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="mysql")


def _extend(values: list[exp.Expr]) -> None:
    """Put the further values of a list behind its first."""
    parent = values[0].parent
    if parent is not None:
        for each in values[1:]:
            parent.append("expressions", each)


def _is_arithmetic(place: exp.Expr) -> bool:
    return isinstance(place.parent, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod))


def _compared(place: exp.Placeholder, condition: exp.Expr) -> exp.Column | None:
    """The column with which a value is compared: in a row, that at the same position."""
    if isinstance(condition, exp.Select):
        return None
    row = place.find_ancestor(exp.Tuple)
    left = condition.this.unnest()
    if row is not None and isinstance(left, exp.Tuple) and row is not left:
        position = next((n for n, each in enumerate(row.expressions) if each is place), 0)
        named = left.expressions[min(position, len(left.expressions) - 1)]
        return named if isinstance(named, exp.Column) else None
    return next(iter(condition.find_all(exp.Column)), None)


def _table_of(
    column: exp.Column, place: exp.Expr, schema: str, tables: Tables
) -> tuple[str, str] | None:
    """The table of a column, looked for from the inside to the outside."""
    around: exp.Expr | None = place
    while (around := around.find_ancestor(exp.Select) if around is not None else None) is not None:
        for table in _tables_in(around):
            key = find_table(tables, table.db or schema, table.name)
            fits = not column.table or table.alias_or_name.lower() == column.table.lower()
            if fits and key in tables and column_name(tables[key], column.name) is not None:
                return key
    return None


def _tables_in(select: exp.Expr) -> Iterator[exp.Table]:
    return (each for each in select.find_all(exp.Table) if each.parent_select is select)


def _wanted(place: exp.Placeholder, condition: exp.Expr) -> Wanted:
    if isinstance(condition, exp.Like):
        return "begin"
    if isinstance(condition, exp.Between):
        return "low" if place is condition.args.get("low") else "high"
    on_the_left = any(each is place for each in condition.this.find_all(exp.Placeholder))
    if isinstance(condition, _HIGHER if on_the_left else _LOWER):
        return "low"
    if isinstance(condition, _LOWER if on_the_left else _HIGHER):
        return "high"
    return "some"
