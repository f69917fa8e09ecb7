"""Statements that define tables: which tables' rows they change."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = r"(?:[`\"\[]?\w+[`\"\]]?\s*\.\s*)?[`\"\[]?(\w+)[`\"\]]?"
_NAMES: Final = re.compile(_NAME)

_NO_TABLE: Final = re.compile(
    r"(?:CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?(?:UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+)?INDEX\b"
    r"|ANALYZE\b(?!.*\b(?:INSERT|REPLACE|UPDATE|DELETE)\b)",
    re.IGNORECASE | re.DOTALL,
)
_ONE_TABLE: Final = re.compile(
    r"(?:TRUNCATE(?:\s+TABLE)?"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)?TABLE(?:\s+IF\s+NOT\s+EXISTS)?"
    r"|LOAD\s+(?:DATA|XML)\b.*?\bINTO\s+TABLE)\s+" + _NAME,
    re.IGNORECASE | re.DOTALL,
)
_DROP: Final = re.compile(
    r"DROP\s+(?:TEMPORARY\s+)?TABLE(?:\s+IF\s+EXISTS)?\s+(.*?)(?:\s+(?:RESTRICT|CASCADE))?\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_ALTER: Final = re.compile(
    r"ALTER\s+(?:ONLINE\s+)?(?:IGNORE\s+)?TABLE(?:\s+IF\s+EXISTS)?\s+" + _NAME,
    re.IGNORECASE,
)
_RENAMED: Final = re.compile(
    r"\bRENAME\s+(?!COLUMN\b|INDEX\b|KEY\b)(?:(?:TO|AS)\b|=)?\s*" + _NAME, re.IGNORECASE
)
_RENAME: Final = re.compile(
    r"RENAME\s+TABLES?\s+(?:IF\s+EXISTS\s+)?(.*)", re.IGNORECASE | re.DOTALL
)
_PAIR: Final = re.compile(_NAME + r"\s+TO\s+" + _NAME + r"\s*(?:,|;|$)", re.IGNORECASE)


def defined(sql: str) -> tuple[str, ...] | None:
    """Return the names of the tables that a definition or a load changes.

    Args:
        sql: The text from its first word on.

    Returns:
        Names as they are written; none for a statement that changes no rows; None for one that is
        not understood.
    """
    if _NO_TABLE.match(sql):
        return ()
    for known in (_one, _dropped, _altered, _renamed):
        tables = known(sql)
        if tables:
            return tables
    return None


def _one(sql: str) -> tuple[str, ...] | None:
    match = _ONE_TABLE.match(sql)
    return (match[1],) if match else None


def _dropped(sql: str) -> tuple[str, ...] | None:
    match = _DROP.match(sql)
    if match is None:
        return None
    names = [_NAMES.fullmatch(name.strip()) for name in match[1].split(",")]
    return tuple(name[1] for name in names if name) if all(names) else None


def _altered(sql: str) -> tuple[str, ...] | None:
    match = _ALTER.match(sql)
    if match is None or re.search(r"\bEXCHANGE\b", sql, re.IGNORECASE):
        return None
    return (match[1], *(found[1] for found in _RENAMED.finditer(sql, match.end())))


def _renamed(sql: str) -> tuple[str, ...] | None:
    match = _RENAME.match(sql)
    return tuple(n for pair in _PAIR.findall(match[1]) for n in pair) if match else None
