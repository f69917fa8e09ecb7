"""Statements with a part of them written differently."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbsbm.optimizer.statements.spelling import MANY, parsable


def parse(text: str) -> exp.Expr | None:
    """A statement or a condition without literals, None if it cannot be understood."""
    written = parsable(text)
    if written is None:
        return None
    try:
        return sqlglot.parse_one(written, read="mysql")
    except (SqlglotError, RecursionError):
        return None


def spelled(node: exp.Expr) -> str:
    """SQL as findings show it: `?` for a value, `...` for a list."""
    return node.sql("mysql").replace(f":{MANY}", "...")


def statement(node: exp.Expr) -> str:
    """A whole statement as findings show it.

    Digests write names that are keywords somewhere in capital letters and without quotes.
    """

    def lower(each: exp.Expr) -> exp.Expr:
        if isinstance(each, exp.Identifier) and not each.quoted and each.name.isupper():
            each.set("this", each.name.lower())
        return each

    return spelled(node.transform(lower))


def condition(sql: str) -> exp.Expr | None:
    """A condition without literals, None if it cannot be understood."""
    tree = parse(f"SELECT 1 WHERE {sql}")
    where = tree.find(exp.Where) if tree is not None else None
    return None if where is None else where.this


def with_conditions(text: str, changes: Mapping[str, str]) -> str:
    """A statement with conditions replaced.

    Args:
        text: The statement without literals.
        changes: Condition, as a predicate spells it, to the condition that takes its place.

    Returns:
        The statement; only the new conditions where it could not be changed.
    """
    tree = parse(text)
    known = {_alike(old): condition(new) for old, new in changes.items()}
    changed = False

    def change(node: exp.Expr) -> exp.Expr:
        nonlocal changed
        new = known.get(_spelled_alike(node)) if isinstance(node, exp.Condition) else None
        if new is None:
            return node
        changed = True
        return exp.paren(new) if isinstance(new, exp.Or) else new.copy()

    rewritten = tree.transform(change) if tree is not None else None
    if rewritten is None or not changed:
        return " AND ".join(changes.values())
    return statement(rewritten)


def _alike(sql: str) -> str:
    node = condition(sql)
    return sql if node is None else _spelled_alike(node)


def _spelled_alike(node: exp.Expr) -> str:
    """The same for all spellings of a condition: lists of any length, names in any case."""

    def plain(each: exp.Expr) -> exp.Expr:
        if isinstance(each, exp.Literal):
            return exp.Placeholder()
        if isinstance(each, exp.In) and each.expressions:
            return exp.In(this=each.this, expressions=[exp.Placeholder(this=MANY)])
        return each

    return node.transform(plain).sql("mysql").lower().replace("`", "")
