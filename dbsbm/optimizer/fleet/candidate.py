"""The index that a statement asks for, where its text says so beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dbsbm.optimizer.fleet.evidence import Table

_MAX_COLUMNS = 4
_NAME = r"(?:[`\"]?\w+[`\"]?\.)?[`\"]?(\w+)[`\"]?"
_STATEMENT = re.compile(
    r"(?:SELECT .+? FROM|DELETE FROM|UPDATE) [`\"]?(?P<table>\w+)[`\"]?(?: SET .+?)?"
    r"(?: WHERE (?P<where>.+?))?(?: ORDER BY (?P<order>.+?))?"
    r"(?: LIMIT .+?)?(?: FOR UPDATE(?: SKIP LOCKED| NOWAIT)?)?",
    re.IGNORECASE,
)
# Joins, alternatives, subqueries and groups need more than the text to choose an index.
_TOO_COMPLEX = re.compile(r"\b(?:JOIN|OR|UNION|GROUP|HAVING|DISTINCT|CASE|EXISTS)\b", re.IGNORECASE)
_EQUAL = re.compile(rf"{_NAME} ?(?:=|<=>|IS) ?(?:\?|NULL)", re.IGNORECASE)
_AMONG = re.compile(rf"{_NAME} IN \(\?\+\)", re.IGNORECASE)
_RANGE = re.compile(rf"{_NAME} ?(?:<=?|>=?|BETWEEN) ?\?", re.IGNORECASE)
_SORTED = re.compile(rf"{_NAME}(?: ASC)?|{_NAME} DESC", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An index that does not exist and would serve the statement."""

    table: str
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """As the schema's naming convention has it, within MySQL's 64 characters."""
        return f"ix_{self.table}_{'_'.join(self.columns)}"[:64]


def derive_index(text: str, tables: Mapping[str, Table]) -> Candidate | None:
    """Derive an index from a fingerprint's text.

    Equalities come first, then either the one range or the sort order: what follows a range in an
    index narrows nothing and is not sorted. None where the statement is not a plain one on a
    single table, or where an index already begins with these columns: then the server knew it.

    Source of the order of columns: M. Winand, SQL Performance Explained (2012), chapters 2 and 6.
    """
    statement = _STATEMENT.fullmatch(text)
    if statement is None or _TOO_COMPLEX.search(text) or text.upper().count("SELECT") > 1:
        return None
    table = tables.get(statement["table"])
    if table is None:
        return None
    columns = _columns(statement["where"] or "", statement["order"] or "")
    if columns is None or not set(columns) <= table.columns or _is_served(columns, table):
        return None
    return Candidate(statement["table"], columns)


def _columns(where: str, order: str) -> tuple[str, ...] | None:
    conditions = re.sub(r"(BETWEEN \?) AND \?", r"\1", where, flags=re.IGNORECASE).split(" AND ")
    if "(" in where.replace("(?+)", ""):
        return None
    equal = _named(_EQUAL, conditions)
    among = _named(_AMONG, conditions)
    ranges = _named(_RANGE, conditions)
    tail = ranges[:1] if len(set(ranges)) == 1 else ()
    if not ranges and not among:
        tail = _sort_columns(order)
    columns = tuple(dict.fromkeys((*equal, *among, *tail)))
    return columns if 0 < len(columns) <= _MAX_COLUMNS else None


def _named(pattern: re.Pattern[str], conditions: list[str]) -> tuple[str, ...]:
    found = (pattern.fullmatch(condition.strip()) for condition in conditions)
    return tuple(match[1] for match in found if match)


def _sort_columns(order: str) -> tuple[str, ...]:
    """The columns of the order, or none where an index could not be read in it."""
    terms = [_SORTED.fullmatch(term.strip()) for term in order.split(",")] if order else []
    if any(term is None for term in terms):
        return ()
    ascending = [term[1] for term in terms if term and term[1]]
    descending = [term[2] for term in terms if term and term[2]]
    return tuple(ascending or descending) if not (ascending and descending) else ()


def _is_served(columns: tuple[str, ...], table: Table) -> bool:
    return any(set(index[: len(columns)]) == set(columns) for index in table.indexes)
