"""Conditions on a bare column that mean the same as conditions on a function of it.

Source: M. Winand, SQL Performance Explained (2012), chapter 2, "Obfuscated conditions".
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from dbsbm.optimizer.rules.statements.rewriting import condition as condition_of
from dbsbm.optimizer.rules.statements.rewriting import spelled
from dbsbm.optimizer.rules.statements.types import INTEGERS, is_text
from dbsbm.optimizer.server.model import Column

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_DAYS = {exp.DType.DATE, exp.DType.DATE32}
_MOMENTS = {exp.DType.DATETIME, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ}
_WHOLE = {exp.DType.BIGINT, exp.DType.UBIGINT, exp.DType.INT, exp.DType.UINT}
_CHARACTERS = {exp.DType.CHAR, exp.DType.VARCHAR, exp.DType.TEXT}
_BYTES = {exp.DType.BINARY, exp.DType.VARBINARY}
_TIMES = {"date", "datetime", "timestamp"}
_UNDONE = {"+": "-", "-": "+", "*": "/", "/": "*"}


class _Condition:
    """`function(column) op value`, as text."""

    def __init__(self, wrapped: exp.Expr, op: str, value: str, high: str = "") -> None:
        self.wrapped = wrapped
        self.column = spelled(next(iter(wrapped.find_all(exp.Column))))
        self.op = op
        self.value = value
        self.high = high


def sargable(sql: str, wrapped: str, column: Column) -> str | None:
    """The same condition with the column alone on one side; None where there is none.

    Args:
        sql: The condition.
        wrapped: The function or the arithmetic around the column.
        column: As the schema has it.
    """
    condition = _read(sql)
    if condition is None:
        return None
    if wrapped in {"lower", "upper", "lcase", "ucase"}:
        return _without_case(condition, column)
    if wrapped in {"cast", "convert"}:
        return _cast(condition, column)
    rewrite = _REWRITES.get(wrapped)
    return rewrite(condition) if rewrite is not None else None


def _read(sql: str) -> _Condition | None:
    node = condition_of(sql)
    found = node.unnest() if node is not None else None
    if isinstance(found, exp.Between):
        low, high = spelled(found.args["low"]), spelled(found.args["high"])
        return _Condition(found.this.unnest(), "between", low, high)
    if isinstance(found, exp.In) and found.expressions:
        values = ", ".join(spelled(each) for each in found.expressions)
        return _Condition(found.this.unnest(), "in", values)
    if isinstance(found, exp.Like):
        return _Condition(found.this.unnest(), "LIKE", spelled(found.expression))
    op = _COMPARISONS.get(type(found)) if found is not None else None
    if found is None or op is None:
        return None
    left, right = found.this.unnest(), found.expression.unnest()
    if left.find(exp.Column) is not None:
        return _Condition(left, op, spelled(right))
    return _Condition(right, _TURNED[op], spelled(left))


def _spans(
    start: Callable[[str], str], end: Callable[[str], str]
) -> Callable[[_Condition], str | None]:
    """A rewrite for functions that map a span of values to one.

    Args:
        start: Of the span that a value stands for.
        end: The first value after that span.
    """

    def rewrite(condition: _Condition) -> str | None:
        column, value = condition.column, condition.value
        bounds = {
            "=": f"{column} >= {start(value)} AND {column} < {end(value)}",
            ">=": f"{column} >= {start(value)}",
            ">": f"{column} >= {end(value)}",
            "<": f"{column} < {start(value)}",
            "<=": f"{column} < {end(value)}",
            "between": f"{column} >= {start(value)} AND {column} < {end(condition.high)}",
        }
        return bounds.get(condition.op)

    return rewrite


def _replaced(value: Callable[[str], str]) -> Callable[[_Condition], str | None]:
    """A rewrite for functions that are undone on the other side."""

    def rewrite(condition: _Condition) -> str | None:
        if condition.op == "between":
            low, high = value(condition.value), value(condition.high)
            return f"{condition.column} BETWEEN {low} AND {high}"
        if condition.op == "in":
            return f"{condition.column} IN ({condition.value})" if value("?") == "?" else None
        return f"{condition.column} {condition.op} {value(condition.value)}"

    return rewrite


def _cast(condition: _Condition, column: Column) -> str | None:
    """A type that changes nothing of the comparison: a text that is cast to a number does."""
    to = condition.wrapped.args.get("to")
    if condition.op == "LIKE" or not isinstance(to, exp.DataType) or to.expressions:
        return None
    if to.this in _BYTES:
        return _exactly(condition) if is_text(column) else None
    if to.this in _DAYS:
        return _DAY(condition) if column.base in _TIMES else None
    is_exact = condition.op in {"=", "in"}  # texts have another order than numbers
    alike = (
        (to.this in _MOMENTS and column.base in {"datetime", "timestamp"})
        or (to.this in _WHOLE and column.base in INTEGERS)
        or (to.this in _CHARACTERS and (is_text(column) or (is_exact and column.base in INTEGERS)))
    )
    return _replaced(lambda value: value)(condition) if alike else None


def _exactly(condition: _Condition) -> str | None:
    """`BINARY column = value`: the column finds what differs by case as well, BINARY keeps one."""
    if condition.op not in {"=", "in"}:
        return None
    value = f"IN ({condition.value})" if condition.op == "in" else f"= {condition.value}"
    return f"{condition.column} {value} AND {spelled(condition.wrapped)} {value}"


def _unix(condition: _Condition) -> str | None:
    """`FROM_UNIXTIME(column)`; one that formats the time gives a text, not a time."""
    plain = isinstance(condition.wrapped, exp.UnixToTime) and not condition.wrapped.args.get(
        "format"
    )
    return _replaced(lambda value: f"UNIX_TIMESTAMP({value})")(condition) if plain else None


def _period(condition: _Condition) -> str | None:
    """A formatted time: the caller knows where the period that it asks for begins and ends."""
    if condition.op not in {"=", "between"}:
        return None
    return f"{condition.column} >= ? AND {condition.column} < ?"


def _default(condition: _Condition) -> str | None:
    """A default for NULL: `(a = ? OR a IS NULL AND <default> = ?)`."""
    rest: list[exp.Expr] = list(condition.wrapped.args.get("expressions") or ())
    if condition.op in {"in", "between"} or len(rest) != 1:
        return None
    plain = f"{condition.column} {condition.op} {condition.value}"
    default = f"{spelled(rest[0])} {condition.op} {condition.value}"
    return f"({plain} OR ({condition.column} IS NULL AND {default}))"


def _arithmetic(condition: _Condition) -> str | None:
    """What is done to the column is undone on the other side."""
    node = condition.wrapped
    sign = _SIGNS.get(type(node))
    if sign is None or condition.op not in _TURNED:
        return None
    left, right = node.this.unnest(), node.expression.unnest()
    if not isinstance(left, exp.Column):
        if not isinstance(right, exp.Column) or sign not in {"+", "*"}:
            return None
        right = left
    return f"{condition.column} {condition.op} {condition.value} {_UNDONE[sign]} {spelled(right)}"


_SIGNS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def _moved(sign: str) -> Callable[[_Condition], str | None]:
    """A rewrite for `DATE_ADD(column, INTERVAL n DAY)` and its like."""

    def rewrite(condition: _Condition) -> str | None:
        node = condition.wrapped
        if condition.op not in _TURNED or not isinstance(node.this.unnest(), exp.Column):
            return None
        span = f"INTERVAL {spelled(node.expression)} {spelled(node.args['unit'])}"
        return f"{condition.column} {condition.op} {condition.value} {sign} {span}"

    return rewrite


def _days_ago(condition: _Condition) -> str | None:
    """`DATEDIFF(now, column) < n`: the column is within n days."""
    node = condition.wrapped
    if condition.op not in _TURNED or not isinstance(node.expression.unnest(), exp.Column):
        return None
    day, days = f"DATE({spelled(node.this)})", condition.value
    fewer = f"{day} - INTERVAL ({days} - 1) DAY"
    exactly = f"{day} - INTERVAL {days} DAY"
    column = condition.column
    return {
        "<": f"{column} >= {fewer}",
        "<=": f"{column} >= {exactly}",
        "=": f"{column} >= {exactly} AND {column} < {fewer}",
        ">": f"{column} < {exactly}",
        ">=": f"{column} < {fewer}",
    }[condition.op]


def _beginning(condition: _Condition) -> str | None:
    if condition.op != "=":
        return None
    start = condition.wrapped.args.get("start") or condition.wrapped.args.get("position")
    if start is not None and spelled(start) not in {"1", "?"}:
        return None
    return f"{condition.column} LIKE CONCAT({condition.value}, '%')"


def _without_case(condition: _Condition, column: Column) -> str | None:
    """The collation that compares without case needs no function for it."""
    collation = (column.collation or "").lower()
    if not collation.endswith("_ci"):
        return None
    value = sqlglot.condition(condition.value, dialect="mysql") if condition.op != "in" else None
    if isinstance(value, (exp.Lower, exp.Upper)):
        condition.value = spelled(value.this)
    return _replaced(lambda bare: bare)(condition)


_DAY = _spans(lambda day: day, lambda day: f"{day} + INTERVAL 1 DAY")
_YEAR = _spans(lambda year: f"MAKEDATE({year}, 1)", lambda year: f"MAKEDATE({year} + 1, 1)")
_REWRITES: dict[str, Callable[[_Condition], str | None]] = {
    "date": _DAY,
    "year": _YEAR,
    "date_format": _period,
    "coalesce": _default,
    "ifnull": _default,
    "unix_timestamp": _replaced(lambda value: f"FROM_UNIXTIME({value})"),
    "from_unixtime": _unix,
    "date_add": _moved("-"),
    "date_sub": _moved("+"),
    "datediff": _days_ago,
    "left": _beginning,
    "substring": _beginning,
    "substr": _beginning,
    "+": _arithmetic,
    "-": _arithmetic,
    "*": _arithmetic,
    "/": _arithmetic,
}
