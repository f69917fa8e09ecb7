"""Parsed text, and what its leaves mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbsbm.querycache.sql.markers import MARKER, Slot


@dataclass(frozen=True, slots=True)
class Plain:
    """A value that stands in the text itself."""

    value: int | str | bool | None

    def of(self, _parameters: Sequence[Any] | Mapping[str, Any]) -> int | str | bool | None:
        """Return it."""
        return self.value


Operand = Slot | Plain
"""Where a value comes from: a parameter or the text."""

_ESCAPED: Final = ("\\", "'", '"')


def parsed(sql: str, dialect: str) -> exp.Expr | None:
    """Return the tree of the one statement of a text, or None if it is not understood."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect=dialect) if tree is not None]
    except (SqlglotError, RecursionError):
        return None
    if len(trees) != 1 or isinstance(trees[0], exp.Command):
        return None
    return trees[0]


def operand(node: exp.Expr | None, slots: Sequence[Slot]) -> Operand | None:
    """Return where the value of a leaf comes from, or None for an expression."""
    if isinstance(node, exp.Placeholder):
        number = str(node.this).removeprefix(MARKER)
        return slots[int(number)] if number.isdecimal() else None
    if isinstance(node, exp.Paren):
        return operand(node.this, slots)
    if isinstance(node, exp.Neg):
        return _negative(operand(node.this, slots))
    return _plain(node)


def conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the parts of a condition that must all hold."""
    if isinstance(node, exp.Paren):
        yield from conjuncts(node.this)
    elif isinstance(node, exp.And):
        yield from conjuncts(node.this)
        yield from conjuncts(node.expression)
    else:
        yield node


def _plain(node: exp.Expr | None) -> Plain | None:
    if isinstance(node, exp.Null):
        return Plain(None)
    if isinstance(node, exp.Boolean):
        return Plain(bool(node.this))
    if not isinstance(node, exp.Literal):
        return None
    text = str(node.this)
    if node.is_string:
        return None if any(sign in text for sign in _ESCAPED) else Plain(text)
    return Plain(int(text)) if text.isdecimal() else None


def _negative(inner: Operand | None) -> Plain | None:
    value = inner.value if isinstance(inner, Plain) else None
    return Plain(-value) if isinstance(value, int) and not isinstance(value, bool) else None
