"""One name for all statements that differ only in their values.

The text of a fingerprint holds no literal, so it may be stored and shown. The idea and most of the
rules are those of Percona Toolkit's `pt-fingerprint`; letters keep their case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

# A longer statement is a long list of values: its start tells it from others.
_READ_CHARACTERS = 8_000
_TEXT_CHARACTERS = 4_000

_COMMENT = r"/\*.*?(?:\*/|\Z)|--[^\n]*"
_DECIMAL = r"[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+"
_NUMBER = rf"(?<![\w$.])(?:0x[0-9a-fA-F]+|0b[01]+|{_DECIMAL})\b"
_PARAMETER = r"%\([^)]*\)s|%s|\?|(?<![:\w]):[A-Za-z_]\w*"

# An unfinished string runs to the end of the text, which may lie behind a backslash: half a literal
# must not stay either.
_MYSQL_LITERAL = r"""[xXbBnN]?'(?:[^'\\]|\\.|'')*(?:'|\\?\Z)|"(?:[^"\\]|\\.|"")*(?:"|\\?\Z)"""
_MYSQL_QUOTED_NAME = r"`[^`]*`"
_SQLITE_LITERAL = r"[xX]?'(?:[^']|'')*(?:'|\Z)"
_SQLITE_QUOTED_NAME = r"`[^`]*`|\"[^\"]*\"|\[[^\]]*\]"


def _pattern(literal: str, quoted_name: str, comment: str) -> re.Pattern[str]:
    value = f"{literal}|{_NUMBER}|{_PARAMETER}"
    parts = f"(?P<name>{quoted_name})|(?P<comment>{comment})|(?P<value>{value})"
    return re.compile(parts, re.DOTALL)


_MYSQL = _pattern(_MYSQL_LITERAL, _MYSQL_QUOTED_NAME, rf"{_COMMENT}|\#[^\n]*")
_SQLITE = _pattern(_SQLITE_LITERAL, _SQLITE_QUOTED_NAME, _COMMENT)

_SPACE = re.compile(r"\s+")
_TUPLE = r"\( ?\?(?: ?, ?\?)* ?\)"
_LIST = re.compile(rf"\b(IN|VALUES?) ?{_TUPLE}(?: ?, ?{_TUPLE})*", re.IGNORECASE)
_SAVEPOINT = re.compile(r"\bsa_savepoint_\d+")
_VERB = re.compile(r"\W*(\w+)")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|TABLE) +[`\"]?(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a statement looks like without its values.

    Attributes:
        id: 16 hexadecimal digits.
        text: The statement with `?` for each value and `(?+)` for each list of values.
        verb: Its first word in lower case, such as `select`.
        table: The first table it names, or an empty text.
    """

    id: str
    text: str
    verb: str
    table: str


def fingerprint(statement: str, dialect: str) -> Fingerprint:
    """Recognise a statement.

    Args:
        statement: SQL as the driver gets it.
        dialect: `sqlite`, or one of MySQL's: they differ in what a quoted text is.
    """
    return _recognise(statement[:_READ_CHARACTERS], dialect == "sqlite")


@lru_cache(maxsize=1024)
def _recognise(statement: str, is_sqlite: bool) -> Fingerprint:
    text = (_SQLITE if is_sqlite else _MYSQL).sub(_replacement, statement)
    text = _SAVEPOINT.sub("sa_savepoint_?", _SPACE.sub(" ", text).strip())
    text = _LIST.sub(r"\1 (?+)", text)
    verb, table = _VERB.match(text), _TABLE.search(text)
    return Fingerprint(
        blake2b(text.encode(errors="replace"), digest_size=8).hexdigest(),
        text[:_TEXT_CHARACTERS],
        verb[1].lower() if verb else "",
        table[1] if table else "",
    )


def _replacement(match: re.Match[str]) -> str:
    if match["name"] is not None:
        return match["name"]
    return " " if match["comment"] is not None else "?"
