"""Parsed text, and what its leaves mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbsbm.querycache.sql.markers import MARKER, Parameters, Slot

LONGEST: Final = 20_000
"""Characters of text that are parsed: reading a longer one would hold up its caller."""

EXECUTABLE_COMMENT: Final = re.compile(r"/\*M?!")
"""What MySQL and MariaDB execute, although it looks like a comment."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the text itself."""

    value: int | str | bool | None

    def of(self, _parameters: Parameters) -> int | str | bool | None:
        """Return it."""
        return self.value


Operand = Slot | Literal
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


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """Yield the parts of a condition that must all hold; none where there is no condition."""
    pending: list[exp.Expr | None] = [condition]
    while pending:
        part = pending.pop()
        if isinstance(part, exp.And):
            pending += [part.expression, part.this]
        elif isinstance(part, exp.Paren):
            pending.append(part.this)
        elif part is not None:
            yield part


def _plain(node: exp.Expr | None) -> Literal | None:
    if isinstance(node, exp.Null):
        return Literal(None)
    if isinstance(node, exp.Boolean):
        return Literal(bool(node.this))
    if not isinstance(node, exp.Literal):
        return None
    text = str(node.this)
    if node.is_string:
        return None if any(sign in text for sign in _ESCAPED) else Literal(text)
    return Literal(int(text)) if text.isdecimal() else None


def _negative(inner: Operand | None) -> Literal | None:
    value = inner.value if isinstance(inner, Literal) else None
    return Literal(-value) if isinstance(value, int) and not isinstance(value, bool) else None
