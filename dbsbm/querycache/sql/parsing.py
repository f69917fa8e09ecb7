"""A query read from the text that goes to the database.

The final text is read, not the expression it was made of: whatever ends up in it is seen, be it an
expression, a fragment of text or what an option of the ORM added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.markers import MARKER, Slot, marked
from dbsbm.querycache.sql.trees import EXECUTABLE_COMMENT, LONGEST

_QUERY_BEGINS: Final = (TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query.

    Attributes:
        tree: Its syntax.
        tokens: Its text, piece by piece, without comments.
        slots: Where in the parameters the value of each placeholder is.
    """

    tree: exp.Query
    tokens: tuple[Token, ...]
    slots: tuple[Slot, ...]

    def slot(self, placeholder: exp.Placeholder) -> Slot:
        """Return where a placeholder's value is."""
        return self.slots[int(placeholder.name.removeprefix(MARKER))]


def parse_query(sql: str, grammar: str) -> ParsedQuery:
    """Read a statement.

    Args:
        sql: The text as the driver gets it.
        grammar: `mysql` or `sqlite`.

    Raises:
        Refusal: It is not one query, or not understood.
    """
    if len(sql) > LONGEST:
        raise Refusal(Reason.NOT_UNDERSTOOD, f"the text is longer than {LONGEST} characters")
    if EXECUTABLE_COMMENT.search(sql):
        raise Refusal(Reason.NOT_UNDERSTOOD, "the text holds a comment that the server executes")
    found = marked(sql, grammar)
    if found is None:
        raise Refusal(Reason.NOT_UNDERSTOOD, "the places of its parameters cannot be told")
    text, slots = found
    tokens, tree = _read(text, grammar)
    return ParsedQuery(tree, tokens, slots)


def _read(text: str, grammar: str) -> tuple[tuple[Token, ...], exp.Query]:
    try:
        tokens = tuple(sqlglot.tokenize(text, read=grammar))
        if not tokens or tokens[0].token_type not in _QUERY_BEGINS:
            raise Refusal(Reason.NOT_A_SELECT, "the statement is no SELECT")
        return tokens, _only_query(sqlglot.parse(text, read=grammar))
    except (SqlglotError, RecursionError):
        raise Refusal(Reason.NOT_UNDERSTOOD, "the text cannot be read") from None


def _only_query(trees: Sequence[exp.Expr | None]) -> exp.Query:
    statements = [tree for tree in trees if tree is not None]
    if len(statements) > 1:
        raise Refusal(Reason.MANY_STATEMENTS, "the text holds several statements")
    if not statements or not isinstance(statements[0], exp.Query):
        raise Refusal(Reason.NOT_A_SELECT, "the statement is no SELECT")
    return statements[0]
