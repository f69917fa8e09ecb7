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


def with_conditions(text: str, changes: Mapping[str, str]) -> str:
    """A statement with conditions replaced.

    Args:
        text: The statement without literals.
        changes: Condition, as a predicate spells it, to the condition that takes its place.

    Returns:
        The statement; only the new conditions where it could not be changed.
    """
    tree = parse(text)
    changed = False

    def change(node: exp.Expr) -> exp.Expr:
        nonlocal changed
        new = changes.get(spelled(node)) if isinstance(node, exp.Condition) else None
        if new is None:
            return node
        changed = True
        condition = sqlglot.condition(parsable(new) or new, dialect="mysql")
        return exp.paren(condition) if isinstance(condition, exp.Or) else condition

    rewritten = tree.transform(change) if tree is not None else None
    return (
        spelled(rewritten) if rewritten is not None and changed else " AND ".join(changes.values())
    )
