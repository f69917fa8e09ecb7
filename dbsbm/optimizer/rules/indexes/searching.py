"""How an index can be searched: what narrows the search, and whether rows come in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbsbm.optimizer.rules.indexes.uses import Use
from dbsbm.optimizer.server.model import Index, Table

CLUSTERED = {"innodb"}
"""Engines whose indexes end with the primary key, and whose primary key holds the row."""


@dataclass(frozen=True, slots=True)
class Way:
    """An index, as a search sees it.

    Attributes:
        columns: In the order of the index; where rows are kept by primary key, that comes last.
        own: How many of the columns the index names itself.
        partial: A further column of which it holds a beginning, which narrows but ends the search.
        descending: The columns that are kept in descending order.
        holds_row: Reading it is reading the row: the primary key of InnoDB.
    """

    name: str
    columns: tuple[str, ...]
    own: int
    partial: str | None = None
    descending: frozenset[str] = frozenset()
    holds_row: bool = False

    def may_serve(self, use: Use) -> bool:
        """Tell whether the statement names the column that the index begins with."""
        return (self.columns[0] if self.columns else self.partial) in use.searched

    def covers(self, use: Use) -> bool:
        """Tell whether the row itself need not be read."""
        return self.holds_row or (use.read is not None and use.read <= set(self.columns))


@dataclass(frozen=True, slots=True)
class Search:
    """What of a statement an index serves.

    Attributes:
        equal: Columns that are searched by value.
        bounded: The column that is searched by bounds, after those.
        ordered: Rows come in the order that is asked for.
    """

    equal: tuple[str, ...] = ()
    bounded: str | None = None
    ordered: bool = False


def way(table: Table, index: Index) -> Way | None:
    """The index as a search sees it; None for one that only special searches use."""
    if not index.enabled or index.kind not in {"BTREE", "HASH", "RTREE"} or index.kind == "RTREE":
        return None
    columns = index.columns
    after = index.parts[len(columns) : len(columns) + 1]
    is_whole = not after
    return Way(
        index.name,
        (*columns, *(_implied(table, columns) if is_whole else ())),
        len(columns),
        partial=after[0].column if after else None,
        descending=frozenset(
            part.column for part in index.parts if part.descending and part.column
        ),
        holds_row=index.primary and table.engine.lower() in CLUSTERED,
    )


def planned(table: Table, columns: tuple[str, ...]) -> Way:
    """An index that does not exist, on whole columns."""
    return Way("", (*columns, *_implied(table, columns)), len(columns))


def ways(table: Table, indexes: Iterable[Index] | None = None) -> tuple[Way, ...]:
    """Every index of a table that searches can use."""
    found = (way(table, index) for index in (table.indexes if indexes is None else indexes))
    return tuple(each for each in found if each is not None and (each.columns or each.partial))


def search(by: Way, use: Use, known: frozenset[str], *, hopeful: bool = False) -> Search:
    """How far an index serves a use of its table.

    Args:
        by: The index.
        use: What is asked for.
        known: Columns whose values are known when the table is read.
        hopeful: Count conditions of which nobody knows whether an index narrows them, too.
    """
    equal = _leading(by.columns, known)
    ranges = {column for column, _ in use.ranges} | (use.maybe_ranges if hopeful else set())
    following = by.columns[len(equal) : len(equal) + 1]
    bounded = following[0] if following and following[0] in ranges else None
    if len(equal) == by.own and by.partial in known | ranges:
        bounded = by.partial
    return Search(equal, bounded, _is_ordered(by, use, known, len(equal)))


def _implied(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    key = table.primary_key
    if key is None or table.engine.lower() not in CLUSTERED:
        return ()
    return tuple(column for column in key.columns if column not in columns)


def _leading(columns: tuple[str, ...], known: frozenset[str]) -> tuple[str, ...]:
    count = 0
    while count < len(columns) and columns[count] in known:
        count += 1
    return columns[:count]


def _is_ordered(by: Way, use: Use, known: frozenset[str], start: int) -> bool:
    """Tell whether what follows the equal columns is what the result is sorted by."""
    asked = [each for each in use.order if each.column.column not in known]
    if not use.order or use.lists & set(by.columns[:start]):
        return False
    following = by.columns[start : start + len(asked)]
    if following != tuple(each.column.column for each in asked):
        return False
    turns = {each.descending ^ (each.column.column in by.descending) for each in asked}
    return len(turns) <= 1
