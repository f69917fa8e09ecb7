"""Reads which indexes a fix makes and drops, from the SQL that it is written in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dbsbm.errors import UserError
from dbsbm.optimizer.server.quoting import quoted

NAME: Final = r"(?:`(?:[^`]|``)+`|\w+)"
"""A name as SQL spells it, for a pattern."""
_FULL_NAME = rf"(?:(?P<schema>{NAME})\s*\.\s*)?(?P<table>{NAME})"
_KIND = r"(?P<kind>UNIQUE|FULLTEXT|SPATIAL)?\s*(?:INDEX|KEY)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"\s*{text}\s*;?\s*\Z", re.IGNORECASE | re.DOTALL)


_ALTER = _pattern(rf"ALTER\s+TABLE\s+{_FULL_NAME}\s+(?P<clauses>.+?)")
_CREATE = _pattern(rf"CREATE\s+{_KIND}\s+(?P<name>{NAME})\s+ON\s+{_FULL_NAME}\s*(?P<rest>\(.+?)")
_DROP_INDEX = _pattern(rf"DROP\s+INDEX\s+(?P<name>{NAME})\s+ON\s+{_FULL_NAME}")
_ADD = _pattern(rf"ADD\s+{_KIND}\s+(?P<name>{NAME})\s*(?P<rest>\(.+?)")
_DROP = _pattern(rf"DROP\s+(?:INDEX|KEY)\s+(?P<name>{NAME})")
_HIDE = _pattern(
    rf"ALTER\s+(?:INDEX|KEY)\s+(?P<name>{NAME})\s+(?P<how>IGNORED|INVISIBLE|NOT\s+IGNORED|VISIBLE)"
)
_ONLINE = _pattern(r"(?:ALGORITHM|LOCK)\s*=?\s*\w+")
_PIECES = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`|[(),]|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class NewIndex:
    """An index that is to be made.

    Attributes:
        kind: UNIQUE, FULLTEXT or SPATIAL; empty for a plain one.
        rest: What follows its name, beginning with the columns.
    """

    name: str
    kind: str
    rest: str

    @property
    def definition(self) -> str:
        """The index as ALTER TABLE ... ADD takes it."""
        return f"{self.kind} KEY {quoted(self.name)} {self.rest}".strip()


@dataclass(frozen=True, slots=True)
class Alteration:
    """What is to become of one table.

    Attributes:
        adds: Indexes to make.
        drops: Names of indexes to drop.
        hides: Names of indexes that the planner shall not use.
        shows: Names of indexes that it shall use again.
        others: Clauses of ALTER TABLE that are about more than indexes.
    """

    schema: str
    table: str
    adds: tuple[NewIndex, ...] = ()
    drops: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The table's name as SQL takes it."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"


def read_fix(fix: Sequence[str], schema: str) -> Alteration:
    """What a fix does to its table.

    Args:
        fix: The finding's statements.
        schema: The schema of a table that is named without one.

    Raises:
        UserError: It is no change of one table's schema: a person has to act on it.
    """
    parts = [_read(statement, schema) for statement in fix]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts) or len({part.full_name for part in known}) > 1:
        raise UserError(
            "This finding's fix is no change of one table: read it with `optimizer show`, "
            "and act on it yourself."
        )
    drops = _unique(part.drops for part in known)
    return Alteration(
        known[0].schema,
        known[0].table,
        adds=tuple(add for part in known for add in part.adds),
        drops=drops,
        # To be hidden and dropped is to be dropped: every drop begins with hiding.
        hides=tuple(name for name in _unique(part.hides for part in known) if name not in drops),
        shows=_unique(part.shows for part in known),
        others=tuple(other for part in known for other in part.others),
    )


def read_statement(statement: str) -> Alteration:
    """What a statement of ours does; it names its schema.

    Raises:
        UserError: It is none of ours.
    """
    return read_fix([statement], "")


def unquoted(name: str) -> str:
    """A name without the quotes of SQL."""
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def split_clauses(text: str) -> Iterator[str]:
    """The clauses of an ALTER TABLE: parts between commas that are in no parentheses."""
    depth, clause = 0, ""
    for piece in _PIECES.findall(text):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "," and depth == 0:
            yield clause.strip()
            clause = ""
        else:
            clause += piece
    yield clause.strip()


def within_parentheses(rest: str) -> str:
    """What is in the parentheses with which a text begins: the columns of an index."""
    depth, inside = 0, ""
    for piece in _PIECES.findall(rest):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth == 0:
            break
        inside += piece
    return inside[1:]


def index_columns(index: NewIndex) -> tuple[str, ...]:
    """The columns of a new index, up to the first part that is no whole column."""
    columns: list[str] = []
    for part in split_clauses(within_parentheses(index.rest)):
        name = re.fullmatch(rf"({NAME})(?:\s+(?:ASC|DESC))?", part, re.IGNORECASE)
        if name is None:
            break
        columns.append(unquoted(name[1]))
    return tuple(columns)


def _read(statement: str, schema: str) -> Alteration | None:
    plain = [
        each for each in _PIECES.findall(statement.rstrip().removesuffix(";")) if len(each) == 1
    ]
    if ";" in plain or "#" in plain or "--" in "".join(plain):
        return None  # a second statement, or a comment that hides what is added to this one
    for pattern, clauses in ((_ALTER, "clauses"), (_CREATE, ""), (_DROP_INDEX, "")):
        if found := pattern.match(statement):
            owner = unquoted(found["schema"]) if found["schema"] else schema
            table = unquoted(found["table"])
            if clauses:
                return _read_clauses(owner, table, split_clauses(found[clauses]))
            if pattern is _CREATE:
                return Alteration(owner, table, adds=(_new_index(found),))
            return Alteration(owner, table, drops=(unquoted(found["name"]),))
    return None


def _read_clauses(schema: str, table: str, clauses: Iterator[str]) -> Alteration:
    adds: list[NewIndex] = []
    names: dict[str, list[str]] = {"drops": [], "hides": [], "shows": []}
    others: list[str] = []
    for clause in clauses:
        if found := _ADD.match(clause):
            adds.append(_new_index(found))
        elif found := _DROP.match(clause):
            names["drops"].append(unquoted(found["name"]))
        elif found := _HIDE.match(clause):
            hides = found["how"].upper() in {"IGNORED", "INVISIBLE"}
            names["hides" if hides else "shows"].append(unquoted(found["name"]))
        elif not _ONLINE.match(clause):
            others.append(clause)
    return Alteration(
        schema,
        table,
        tuple(adds),
        tuple(names["drops"]),
        tuple(names["hides"]),
        tuple(names["shows"]),
        tuple(others),
    )


def _new_index(found: re.Match[str]) -> NewIndex:
    return NewIndex(unquoted(found["name"]), (found["kind"] or "").upper(), found["rest"].strip())


def _unique(names: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in names for name in each))
