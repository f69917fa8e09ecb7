"""What a text of MySQL may run beside what its first word says: functions, other statements.

A stored function may write, and only the server knows what. A built-in one does not.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from dbsbm.querycache.sql.vocabulary import CALL_NOTHING, PURE, PURE_OF, WRITE_NOTHING

# What the server executes in a comment is read as if it stood outside.
_PIECES: Final = re.compile(
    r"""(?P<space>\s+|/\*(?!M?!).*?\*/|/\*M?!\d*|\*/|--(?=\s|$)[^\n]*|\#[^\n]*)"""
    r"""|(?P<text>'(?:[^'\\]|\\.|'')*')"""
    r"""|(?P<quoted>`(?:[^`]|``)*`|"(?:[^"\\]|\\.|"")*")"""
    r"""|(?P<word>[\w$]+)|(?P<sign>.)""",
    re.DOTALL,
)
_BUILT_IN: Final = CALL_NOTHING | PURE | PURE_OF["mysql"] | WRITE_NOTHING

_BEFORE_TABLES: Final = frozenset({
    "AS", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INSERT", "INTO", "LOW_PRIORITY", "RECURSIVE",
    "REPLACE", "WITH",
})  # fmt: skip
"""Words after which a name before a parenthesis is a table's."""


class Running(NamedTuple):
    """What a text may run.

    Attributes:
        calls: The functions that are not built in, in capitals.
        is_several: It holds several statements.
    """

    calls: frozenset[str] = frozenset()
    is_several: bool = False


def running(sql: str) -> Running:
    """Return what a text may run."""
    calls: set[str] = set()
    is_over = False
    before: list[str] = []
    for match in _PIECES.finditer(sql):
        if match.lastgroup == "space":
            continue
        if is_over and match[0] != ";":
            return Running(is_several=True)
        is_over = match[0] == ";"
        name = _called(before) if match[0] == "(" else None
        if name:
            calls.add(name)
        before = [*before[-3:], match[0]]
    return Running(frozenset(calls))


def _called(before: list[str]) -> str | None:
    """Return the function that is called by the pieces before a parenthesis, if one is."""
    name = before[-1] if before else ""
    word = name.strip('`"').upper()
    if not (name[:1] in '`"' or name[:1].isidentifier()) or not word:
        return None
    of_schema = before[-2:-1] == ["."]
    ahead = before[:-3] if of_schema else before[:-1]
    if ahead and ahead[-1].upper() in _BEFORE_TABLES:
        return None
    return None if word == name.upper() and not of_schema and word in _BUILT_IN else word
