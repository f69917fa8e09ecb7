"""What the text of a statement does: which tables it writes, and which of their rows.

Every statement ends as text and parameters, whatever API it came through, so this one reading
serves them all. What is not understood beyond doubt is called `StatementKind.OPAQUE`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from typing import Final, NamedTuple

from dbsbm.querycache.sql.alterations import alters
from dbsbm.querycache.sql.calling import running
from dbsbm.querycache.sql.changes import Change, changes
from dbsbm.querycache.sql.definitions import defined
from dbsbm.querycache.sql.markers import marked
from dbsbm.querycache.sql.trees import EXECUTABLE_COMMENT, LONGEST

_REMEMBERED: Final = 2_000
_LONGEST_REMEMBERED: Final = 4_000
"""Longer texts, mostly inserts of many rows, hardly come again and would fill memory."""


class StatementKind(Enum):
    """What a statement does, as far as the cache cares."""

    READ = auto()
    NEUTRAL = auto()
    BEGIN = auto()
    COMMIT = auto()
    ROLLBACK = auto()
    SAVEPOINT = auto()
    ROLLBACK_TO = auto()
    RELEASE = auto()
    SETTING = auto()
    WRITE = auto()
    DEFINITION = auto()
    OPAQUE = auto()


CHANGING: Final = frozenset({StatementKind.WRITE, StatementKind.DEFINITION, StatementKind.OPAQUE})
"""These may change rows."""

COMMITTING: Final = frozenset({StatementKind.DEFINITION, StatementKind.OPAQUE})
"""Before these, or in them, MySQL may commit."""


class Statement(NamedTuple):
    """What a text does.

    Attributes:
        kind: Its kind.
        change: A write whose rows may be told.
        tables: The tables of any other write or definition, by name.
        removes: Rows may be deleted from these tables.
        name: The name of a savepoint; of a BEGIN, not empty where it takes its snapshot at once;
            of a COMMIT or ROLLBACK, not empty where it begins another transaction.
        is_prepared: It ends a transaction that takes no more writes.
        alters: It gives its connection a state of its own, see `dbsbm.querycache.sql.alterations`.
        calls: The functions that it calls which are not built in, in capitals: they may write.
    """

    kind: StatementKind
    change: Change | None = None
    tables: tuple[str, ...] = ()
    removes: bool = False
    name: str = ""
    is_prepared: bool = False
    alters: bool = False
    calls: frozenset[str] = frozenset()


OPAQUE: Final = Statement(StatementKind.OPAQUE)
_SEVERAL: Final = Statement(StatementKind.OPAQUE, alters=True)

_LEADING: Final = re.compile(
    r"(?:[\s(;]|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|/\*(?!M?!).*?\*/)*", re.DOTALL
)
_WORD: Final = re.compile(r"[A-Za-z]+")
_WRITING: Final = re.compile(r"\b(?:INSERT|REPLACE|UPDATE|DELETE)\b", re.IGNORECASE)
_INSERTED: Final = re.compile(
    r"(?:INSERT|REPLACE)\b[\w\s]*?\s+INTO\s+(?:[`\"\[]?\w+[`\"\]]?\s*\.\s*)?[`\"\[]?(\w+)[`\"\]]?",
    re.IGNORECASE,
)
_SAVEPOINT: Final = re.compile(
    r"(?:SAVEPOINT|RELEASE(?:\s+SAVEPOINT)?"
    r"|ROLLBACK(?:\s+(?:WORK|TRANSACTION))?\s+TO(?:\s+SAVEPOINT)?)\s+[`\"\[]?(\w+)",
    re.IGNORECASE,
)
_CHAIN: Final = re.compile(r"\bAND\s+CHAIN\b", re.IGNORECASE)
_IMPLICIT: Final = Statement(StatementKind.DEFINITION)
"""Changes nothing, but MySQL commits before it."""

_SIMPLE: Final = {
    **dict.fromkeys(
        ["SELECT", "VALUES", "SHOW", "DESCRIBE", "DESC", "TABLE"], Statement(StatementKind.READ)
    ),
    **dict.fromkeys(
        ["USE", "HELP", "VACUUM", "REINDEX", "ATTACH", "DETACH", "PREPARE", "DEALLOCATE", "KILL"],
        Statement(StatementKind.NEUTRAL),
    ),
    **dict.fromkeys(["LOCK", "UNLOCK", "FLUSH", "GRANT", "REVOKE", "OPTIMIZE", "CHECK"], _IMPLICIT),
    "END": Statement(StatementKind.COMMIT),
    "PRAGMA": Statement(StatementKind.SETTING),
}


def understand(sql: str, dialect: str, *, formatted: bool = True) -> Statement:
    """Return what a statement does.

    Args:
        sql: Its text as the driver gets it.
        dialect: `mysql` (MariaDB too) or `sqlite`.
        formatted: The driver fills parameters into the text, so that `%%` means `%`.
    """
    simple = _SIMPLE.get(verb(sql)) if dialect == "sqlite" else None
    if simple is not None and simple.kind is StatementKind.READ:
        return simple  # its functions write nothing, and its driver runs one statement at a time
    read = _remembered if len(sql) <= _LONGEST_REMEMBERED else _understood
    return read(sql, dialect, formatted)


def verb(sql: str) -> str:
    """Return the first word of a statement in capitals, past comments and parentheses."""
    word = _WORD.match(sql, _start(sql))
    return word[0].upper() if word else ""


def _understood(sql: str, dialect: str, formatted: bool) -> Statement:
    body = sql[_start(sql) :]
    statement = _by_verb(body, dialect, formatted)
    if alters(body, verb(body)):
        statement = statement._replace(alters=True)
    if dialect == "sqlite":
        return statement
    calls, is_several = running(body)
    if is_several:
        return _SEVERAL
    # What stands before a parenthesis in a definition is a table, a key or a type.
    defines = statement.kind is StatementKind.DEFINITION and verb(body) != "SET"
    return statement if defines else statement._replace(calls=calls)


def _by_verb(body: str, dialect: str, formatted: bool) -> Statement:
    word = verb(body)
    if word in _SIMPLE:
        return _SIMPLE[word]
    if word in {"INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"}:
        return _write(body, dialect, formatted=formatted)
    if word in _READERS:
        return _READERS[word](body)
    tables = defined(body)
    if tables is None:
        return OPAQUE
    return Statement(StatementKind.DEFINITION, tables=tables, removes=True)


_remembered = lru_cache(_REMEMBERED)(_understood)


def _start(sql: str) -> int:
    leading = _LEADING.match(sql)
    return leading.end() if leading else 0


def _write(body: str, dialect: str, *, formatted: bool) -> Statement:
    if EXECUTABLE_COMMENT.search(body):
        return OPAQUE
    text = marked(body, dialect, formatted=formatted) if len(body) <= LONGEST else None
    found = changes(text[0], text[1], dialect) if text else None
    if found is None:
        return _by_first_words(body)
    if not found.tables:
        return Statement(StatementKind.READ)
    return Statement(StatementKind.WRITE, found.change, found.tables, found.removes)


def _by_first_words(body: str) -> Statement:
    """An insert writes but one table, which stands in front; any other text stays opaque."""
    match = _INSERTED.match(body)
    if match is None or ";" in body.rstrip("; \n\t"):
        return OPAQUE
    return Statement(StatementKind.WRITE, tables=(match[1],), removes=True)


def _savepoint(kind: StatementKind) -> Callable[[str], Statement]:
    def read(body: str) -> Statement:
        match = _SAVEPOINT.match(body)
        return Statement(kind, name=match[1].lower()) if match else OPAQUE

    return read


def _end(kind: StatementKind) -> Callable[[str], Statement]:
    def read(body: str) -> Statement:
        return Statement(kind, name="chain" if _CHAIN.search(body) else "")

    return read


def _rollback(body: str) -> Statement:
    if _SAVEPOINT.match(body):
        return _savepoint(StatementKind.ROLLBACK_TO)(body)
    return _end(StatementKind.ROLLBACK)(body)


def _begin(body: str) -> Statement:
    """MariaDB's BEGIN NOT ATOMIC is a block of statements."""
    if re.match(r"BEGIN\s+NOT\b", body, re.IGNORECASE):
        return OPAQUE
    return Statement(StatementKind.BEGIN)


def _set(body: str) -> Statement:
    if re.match(r"SET\s+STATEMENT\b", body, re.IGNORECASE):
        return OPAQUE
    if re.search(r"\bautocommit\b", body, re.IGNORECASE):
        return _IMPLICIT
    return Statement(StatementKind.SETTING)


def _start_transaction(body: str) -> Statement:
    if not re.match(r"START\s+TRANSACTION\b", body, re.IGNORECASE):
        return OPAQUE
    snapshot = re.search(r"\bSNAPSHOT\b", body, re.IGNORECASE)
    return Statement(StatementKind.BEGIN, name="snapshot" if snapshot else "")


def _xa(body: str) -> Statement:
    if re.match(r"XA\s+COMMIT\b", body, re.IGNORECASE):
        return Statement(StatementKind.OPAQUE, is_prepared=True)
    return Statement(StatementKind.NEUTRAL)


def _explain(body: str) -> Statement:
    runs = re.search(r"\bANALYZE\b", body, re.IGNORECASE) and _WRITING.search(body)
    return OPAQUE if runs else Statement(StatementKind.READ)


_READERS: Final[dict[str, Callable[[str], Statement]]] = {
    "BEGIN": _begin,
    "COMMIT": _end(StatementKind.COMMIT),
    "ROLLBACK": _rollback,
    "SAVEPOINT": _savepoint(StatementKind.SAVEPOINT),
    "RELEASE": _savepoint(StatementKind.RELEASE),
    "SET": _set,
    "START": _start_transaction,
    "XA": _xa,
    "EXPLAIN": _explain,
}
