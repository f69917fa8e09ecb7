"""Whether a query answers the same to everybody for as long as its tables do not change.

What is not known to do so is refused: an unknown function may read a clock, a table or a lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.parsing import ParsedQuery
from dbsbm.querycache.sql.vocabulary import CALL_NOTHING, IMPURE_WORDS, PURE, PURE_OF, SQLITE_TIMES

_PLAIN_NAMES: Final = frozenset({TokenType.VAR, TokenType.IDENTIFIER, TokenType.DOT})

_SYSTEM_SCHEMAS: Final = frozenset({"information_schema", "performance_schema", "mysql", "sys"})
_SYSTEM_PREFIXES: Final = ("sqlite_", "pragma_", "dbstat")


def refuse_impure(query: ParsedQuery, grammar: str, also_pure: Collection[str] = ()) -> None:
    """Pass over a query whose answer depends on its parameters and its tables alone.

    Args:
        query: The query.
        grammar: `mysql` or `sqlite`.
        also_pure: Names, in upper case, of functions of which somebody who knows them says so.

    Raises:
        Refusal: It depends on more, or this is not known.
    """
    _refuse_clauses(query.tree)
    for table in query.tree.find_all(exp.Table):
        _refuse_system_table(table)
    for place, token in enumerate(query.tokens):
        _refuse_token(query.tokens, place, token)
    for place in calls(query.tokens):
        _refuse_call(query.tokens, place, grammar, also_pure)


def _refuse_clauses(tree: exp.Query) -> None:
    if tree.find(exp.Lock):
        raise Refusal(Reason.LOCKING, "the query locks the rows that it reads")
    if tree.find(exp.Into):
        raise Refusal(Reason.INTO, "the query stores its result on the server")
    for node in tree.find_all(exp.DML, exp.Command):
        raise Refusal(Reason.NOT_A_SELECT, f"the query holds a {node.key.upper()}")


def _refuse_system_table(table: exp.Table) -> None:
    if not isinstance(table.this, exp.Identifier):
        raise Refusal(Reason.TABLE_FUNCTION, "a function stands where a table belongs")
    name, schema = table.name.lower(), table.db.lower()
    if schema in _SYSTEM_SCHEMAS or name.startswith(_SYSTEM_PREFIXES) or schema == "temp":
        raise Refusal(Reason.SYSTEM_TABLE, f"{table.name} changes without a write")


def _refuse_token(tokens: Sequence[Token], place: int, token: Token) -> None:
    if token.token_type in {TokenType.PARAMETER, TokenType.SESSION_PARAMETER}:
        raise Refusal(Reason.VARIABLE, "a variable of the session")
    if token.token_type in {TokenType.IDENTIFIER, TokenType.STRING} or _is_member(tokens, place):
        return
    word = token.text.upper()
    if word in IMPURE_WORDS:
        raise Refusal(Reason.FUNCTION, f"{word} answers differently each time, or to each user")
    if word == "SQL_CALC_FOUND_ROWS":
        raise Refusal(Reason.VARIABLE, "SQL_CALC_FOUND_ROWS leaves a number behind")


def _is_member(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether a name stands behind a dot, as a column's does."""
    return place > 0 and tokens[place - 1].token_type is TokenType.DOT


def calls(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield where a name stands before a parenthesis: a call, a type or a word of the language."""
    for place, token in enumerate(tokens[:-1]):
        opens = tokens[place + 1].token_type is TokenType.L_PAREN
        if opens and (token.text[:1].isalpha() or token.text[:1] == "_" or _is_quoted(token)):
            yield place


def _is_quoted(token: Token) -> bool:
    return token.token_type is TokenType.IDENTIFIER


def _refuse_call(
    tokens: Sequence[Token], place: int, grammar: str, also_pure: Collection[str]
) -> None:
    token = tokens[place]
    name = token.text.upper()
    if token.token_type is TokenType.STRING or _names_columns(tokens, place):
        return None
    known = name in PURE or name in PURE_OF[grammar] or name in also_pure
    called_plainly = not _is_quoted(token) and not _is_member(tokens, place)
    if called_plainly and (known or name in CALL_NOTHING):
        return None
    if called_plainly and grammar == "sqlite" and name in SQLITE_TIMES:
        return _refuse_clock(name, list(_arguments(tokens, place + 1)))
    raise Refusal(Reason.FUNCTION, f"{name} is not known to depend on its arguments alone")


def _names_columns(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether this is the head of `WITH name (columns) AS (`."""
    kinds = [token.token_type for token in tokens]
    before = kinds[place - 1] if place else None
    if before not in {TokenType.WITH, TokenType.RECURSIVE, TokenType.COMMA}:
        return False
    end = _closing(tokens, place + 1)
    return kinds[end + 1 : end + 3] == [TokenType.ALIAS, TokenType.L_PAREN]


def _closing(tokens: Sequence[Token], opening: int) -> int:
    depth = 0
    for place in range(opening, len(tokens)):
        depth += tokens[place].token_type is TokenType.L_PAREN
        depth -= tokens[place].token_type is TokenType.R_PAREN
        if depth == 0:
            return place
    return len(tokens)


def _arguments(tokens: Sequence[Token], opening: int) -> Iterator[list[Token]]:
    """Yield the tokens of each argument of a call without calls in it."""
    argument: list[Token] = []
    for token in tokens[opening + 1 : _closing(tokens, opening)]:
        if token.token_type is TokenType.COMMA:
            yield argument
            argument = []
        else:
            argument.append(token)
    yield argument


def _refuse_clock(name: str, arguments: list[list[Token]]) -> None:
    """Pass over a call whose time is a column, and that changes it by no modifier."""
    times = arguments[1:] if name == "STRFTIME" else arguments
    # SQLite reads a quoted name that no column has as text: "now" is 'now'.
    is_text = len(times) == 1 and [t.token_type for t in times[0]] == [TokenType.IDENTIFIER]
    is_column = len(times) == 1 and all(t.token_type in _PLAIN_NAMES for t in times[0])
    if is_column and times[0] and not is_text:
        return
    raise Refusal(Reason.FUNCTION, f"{name} may read the clock: only of a column it does not")
