"""Conditions of a statement as predicates on columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sqlglot import exp

from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.optimizer.statements.scope import Scope, is_query, own_nodes
from dbsbm.optimizer.statements.shape import ColumnRef, Operand, Predicate
from dbsbm.optimizer.statements.spelling import MANY

_COMPARISONS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.EQ: ("=", "="),
    exp.NullSafeEQ: ("<=>", "<=>"),
    exp.NEQ: ("!=", "!="),
    exp.LT: ("<", ">"),
    exp.LTE: ("<=", ">="),
    exp.GT: (">", "<"),
    exp.GTE: (">=", "<="),
}
"""What a comparison is called, and what it is called with its sides exchanged."""
_NEGATED = {"in": "not in", "like": "not like", "is null": "is not null"}
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.IntDiv: "div",
    exp.Mod: "%",
    exp.BitwiseAnd: "&",
    exp.BitwiseOr: "|",
    exp.BitwiseXor: "^",
    exp.Neg: "-",
    exp.Collate: "collate",
}
_FUNCTION = re.compile(r"(\w+)\s*\(")
_WILDCARDS = ("%", "_")


@dataclass(slots=True)
class Conditions:
    """What the conditions of one statement say.

    Attributes:
        predicates: What every row meets.
        alternatives: The predicates of each side of the first OR over several columns.
    """

    predicates: list[Predicate] = field(default_factory=list)
    alternatives: tuple[tuple[Predicate, ...], ...] = ()

    def add(self, condition: exp.Expr, scope: Scope) -> None:
        """Add a condition that every row meets."""
        for part in _parts(condition):
            if not isinstance(part, exp.Or):
                self.predicates.extend(_predicates(part, scope))
                continue
            sides = [_side(each, scope) for each in _sides(part)]
            if (one := _as_list(sides)) is not None:
                self.predicates.append(one)
            elif all(sides) and not self.alternatives:
                self.alternatives = tuple(tuple(side) for side in sides)


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        for each in condition.flatten():
            yield from _parts(each)
    else:
        yield condition


def _sides(condition: exp.Expr) -> Iterator[exp.Expr]:
    for each in condition.flatten():
        side = each.unnest()
        if isinstance(side, exp.Or):
            yield from _sides(side)
        else:
            yield side


def _side(condition: exp.Expr, scope: Scope) -> list[Predicate]:
    """The predicates of one side, none where a part of it is no condition on a column."""
    found: list[Predicate] = []
    for part in _parts(condition):
        predicates = list(_predicates(part, scope))
        if not predicates:
            return []
        found.extend(predicates)
    return found


def _as_list(sides: list[list[Predicate]]) -> Predicate | None:
    """`a = 1 OR a = 2` as what it is: `a IN (1, 2)`."""
    if not all(len(side) == 1 for side in sides):
        return None
    each = [side[0] for side in sides]
    first = each[0]
    alike = all(
        one.column == first.column
        and one.op in {"=", "in"}
        and not one.wrapped
        and one.operand in {Operand.VALUE, Operand.NUMBER, Operand.TEXT, Operand.LIST}
        for one in each
    )
    if not alike:
        return None
    sizes = [1 if one.op == "=" else one.size for one in each]
    known = [size for size in sizes if size is not None]
    size = sum(known) if len(known) == len(sizes) else None
    return replace(first, op="in", operand=Operand.LIST, size=size)


def _predicates(condition: exp.Expr, scope: Scope) -> Iterator[Predicate]:
    """What one condition says; nothing where it is no condition on a column."""
    condition, negated = _without_not(condition)
    found = list(_positive(condition, scope))
    sql = _text(condition) if found else ""
    for predicate in found:
        if not negated:
            yield replace(predicate, sql=sql)
        elif predicate.op in _NEGATED:
            yield replace(predicate, op=_NEGATED[predicate.op], sql=f"NOT {sql}")


def _positive(condition: exp.Expr, scope: Scope) -> Iterator[Predicate]:
    if type(condition) in _COMPARISONS:
        yield from _comparison(condition, scope)
    elif isinstance(condition, exp.In):
        yield from _in(condition, scope)
    elif isinstance(condition, exp.Between):
        bounds = (condition.args["low"], condition.args["high"])
        yield from _of(condition.this, "between", _operand_of_all(bounds, scope), scope)
    elif isinstance(condition, (exp.Like, exp.ILike)):
        yield from _like(condition, scope)
    elif isinstance(condition, exp.RegexpLike):
        yield from _of(condition.this, "regexp", Operand.VALUE, scope)
    elif isinstance(condition, exp.Is) and isinstance(condition.expression, exp.Null):
        yield from _of(condition.this, "is null", Operand.VALUE, scope)


def _without_not(condition: exp.Expr) -> tuple[exp.Expr, bool]:
    negated = False
    while isinstance(condition, (exp.Not, exp.Paren)):
        negated ^= isinstance(condition, exp.Not)
        condition = condition.this
    if condition.args.get("negate"):  # `a NOT LIKE b` is one condition to the parser
        condition = condition.copy()
        condition.set("negate", None)
        negated = not negated
    return condition, negated


def _comparison(condition: exp.Expr, scope: Scope) -> Iterator[Predicate]:
    left, right = condition.this.unnest(), condition.expression.unnest()
    op, exchanged = _COMPARISONS[type(condition)]
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        yield from _rows(left, right, op, scope)
        return
    if isinstance(right, exp.Any) and op == "=":
        yield from _of(left, "in", Operand.SUBQUERY, scope)
        return
    yield from _against(left, op, right, scope)
    yield from _against(right, exchanged, left, scope)


def _rows(left: exp.Tuple, right: exp.Tuple, op: str, scope: Scope) -> Iterator[Predicate]:
    """`(a, b) = (1, 2)` narrows by both columns, `(a, b) > (1, 2)` by the first alone."""
    pairs = list(zip(left.expressions, right.expressions, strict=False))
    if op == "=":
        for one, other in pairs:
            yield from _against(one.unnest(), op, other.unnest(), scope)
    elif op != "!=" and pairs:
        with_bound = op if op.endswith("=") else f"{op}="
        yield from _against(pairs[0][0].unnest(), with_bound, pairs[0][1].unnest(), scope)


def _in(condition: exp.In, scope: Scope) -> Iterator[Predicate]:
    values = condition.expressions
    operand = Operand.SUBQUERY if condition.args.get("query") else Operand.LIST
    known = values and not any(_is_many(each) for each in values)
    size = len(values) if known else None
    numbers = bool(values) and all(_operand(each, scope)[0] is Operand.NUMBER for each in values)
    left = condition.this.unnest()
    for column in left.expressions if isinstance(left, exp.Tuple) else (left,):
        for predicate in _of(column.unnest(), "in", operand, scope):
            yield replace(predicate, size=size, numbers=numbers)


def _is_many(value: exp.Expr) -> bool:
    return any(each.name == MANY for each in value.find_all(exp.Placeholder))


def _like(condition: exp.Expr, scope: Scope) -> Iterator[Predicate]:
    pattern = condition.expression.unnest()
    for predicate in _against(condition.this.unnest(), "like", pattern, scope):
        yield replace(predicate, leading_wildcard=_begins_wild(pattern))


def _begins_wild(pattern: exp.Expr) -> bool:
    while isinstance(pattern, exp.Concat) and pattern.expressions:
        pattern = pattern.expressions[0]
    return (
        isinstance(pattern, exp.Literal)
        and pattern.is_string
        and pattern.name.startswith(_WILDCARDS)
    )


def _against(side: exp.Expr, op: str, other: exp.Expr, scope: Scope) -> Iterator[Predicate]:
    operand, column = _operand(other, scope)
    for predicate in _of(side, op, operand, scope):
        if column is None or column != predicate.column:
            yield replace(predicate, other=column, collation=_collation(other))


def _collation(side: exp.Expr) -> str:
    return side.expression.name.lower() if isinstance(side, exp.Collate) else ""


def _of(side: exp.Expr, op: str, operand: Operand, scope: Scope) -> Iterator[Predicate]:
    """A predicate where the side is one column of this scope, bare or wrapped."""
    columns = list(_columns(side))
    if len(columns) != 1:
        return
    column = scope.find(columns[0])
    if column is not None and scope.owns(column):
        yield Predicate(column, op, operand, wrapped=_wrapper(side.unnest()))


def _wrapper(side: exp.Expr) -> str:
    if isinstance(side, exp.Column):
        return ""
    known = _ARITHMETIC.get(type(side))
    if known is not None:
        return known
    call = _FUNCTION.match(side.sql("mysql"))
    return call[1].lower() if call else side.key


def _operand(side: exp.Expr, scope: Scope) -> tuple[Operand, ColumnRef | None]:
    """What a side is to the column on the other side, and the column that it holds, if one."""
    if isinstance(side, exp.Literal):
        return (Operand.TEXT if side.is_string else Operand.NUMBER), None
    if isinstance(side, exp.Neg) and isinstance(side.this, exp.Literal):
        return Operand.NUMBER, None
    if isinstance(side, exp.Placeholder):
        return Operand.VALUE, None
    if not isinstance(side, exp.Column) and any(is_query(each) for each in own_nodes(side)):
        return Operand.SUBQUERY, None
    columns = list(_columns(side))
    if not columns:
        return Operand.VALUE, None
    found = scope.find(columns[0]) if len(columns) == 1 else None
    return (Operand.COLUMN if isinstance(side, exp.Column) else Operand.OTHER), found


def _operand_of_all(sides: tuple[exp.Expr, ...], scope: Scope) -> Operand:
    kinds = {_operand(side.unnest(), scope)[0] for side in sides}
    return kinds.pop() if len(kinds) == 1 else Operand.OTHER


def _columns(side: exp.Expr) -> Iterator[exp.Column]:
    if isinstance(side, exp.Column):
        yield side
    elif not isinstance(side, (exp.Placeholder, exp.Literal)):
        yield from (each for each in own_nodes(side) if isinstance(each, exp.Column))


def _text(condition: exp.Expr) -> str:
    """The condition with `?` for every literal: what it compares with may be a secret."""
    return fingerprint(condition.sql("mysql"), "mysql").text
