"""Indexes that could serve a use of a table, and one index for several of them.

Columns that are compared for equality come first, in any order among themselves; then what the
result is sorted by, or one range: what follows a range in an index narrows nothing.
Sources: M. Winand, SQL Performance Explained (2012), chapters 2 and 6; the merging of partial
orders follows R. Yadav et al., AIM (ICDE 2023), section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.uses import Use
from dbsbm.optimizer.server.model import Column, Table

MOST_COLUMNS = 4
"""Columns of an index that is proposed: each makes every write dearer and narrows less."""
NARROWS = 1.2
"""A column that leaves more than 1 in this many rows does not narrow: it is left out."""
LONG_TEXT = 255
"""Characters beyond which only a beginning is indexed: InnoDB allows 3,072 bytes for all parts."""
PREFIX = 64
_LONG = {"tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob"}
_NOT_INDEXED = {"json", "geometry", "point", "linestring", "polygon", "vector"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An index that does not exist.

    Attributes:
        blocks: Its columns in order; those in one block may stand in any order.
    """

    table: Table
    blocks: tuple[frozenset[str], ...]

    @property
    def columns(self) -> frozenset[str]:
        """All its columns."""
        return frozenset().union(*self.blocks)

    def ends_with(self, blocks: tuple[frozenset[str], ...]) -> bool:
        """Tell whether its last columns are these, in their order."""
        return self.blocks[-len(blocks) :] == blocks

    def merged(self, other: Candidate) -> Candidate | None:
        """One index that serves both as well as an index of their own, None if there is none."""
        blocks: list[frozenset[str]] = []
        mine, theirs = list(self.blocks), list(other.blocks)
        while mine and theirs:
            small, big = (mine, theirs) if mine[0] <= theirs[0] else (theirs, mine)
            if not small[0] <= big[0]:
                return None
            blocks.append(small[0])
            rest = big[0] - small.pop(0)
            big[:1] = [rest] if rest else []
        merged = (*blocks, *mine, *theirs)
        together = frozenset().union(*merged)
        fits = len(together) == sum(map(len, merged)) and len(together) <= MOST_COLUMNS
        return Candidate(self.table, merged) if fits else None

    def ordered(
        self, first: tuple[tuple[str, ...], ...], rank: Callable[[str], float]
    ) -> tuple[str, ...]:
        """Its columns in one order.

        Args:
            first: Columns of indexes that exist: one of which they are a beginning is extended.
            rank: What comes first within a block is what this is least of.
        """
        for begun in sorted(first, key=len, reverse=True):
            start = Candidate(self.table, tuple(frozenset((column,)) for column in begun))
            merged = self.merged(start) if begun else None
            if merged is not None and merged.columns == self.columns:
                return _flat(merged.blocks, rank)
        return _flat(self.blocks, rank)


def candidates(use: Use, estimator: Estimator) -> Iterator[Candidate]:
    """The indexes worth a try for one use of a table."""
    for known in use.ways_in:
        usable = frozenset(each for each in known if is_indexable(use.table, each))
        equal = _narrowing(use, usable, estimator)
        order = _order(use, known)
        for tail in ((), *((column,) for column, _ in use.ranges), order):
            # Before an order, every equal column has to be there, however little it narrows, and
            # none that is compared with several values.
            start = usable - use.lists if tail == order and order else equal
            found = _candidate(use, start, tail)
            if found is not None:
                yield found


def is_indexable(table: Table, column: str) -> bool:
    """Tell whether a column can be a part of an index, whole or by its beginning."""
    known = table.columns.get(column)
    return known is not None and known.base not in _NOT_INDEXED


def is_long(column: Column) -> bool:
    """Tell whether the column may hold long texts."""
    return column.base in _LONG or column.base == "json"


def prefix_of(column: Column) -> int | None:
    """How much of a column an index holds, None for all."""
    is_long = column.base in _LONG or (column.length or 0) > LONG_TEXT
    return PREFIX if is_long else None


def _candidate(use: Use, equal: frozenset[str], tail: tuple[str, ...]) -> Candidate | None:
    tail = tuple(column for column in tail if column not in equal)
    columns = (*equal, *tail)
    long = [each for each in columns if prefix_of(use.table.columns[each]) is not None]
    if (
        not columns
        or len(columns) > MOST_COLUMNS
        or not all(is_indexable(use.table, each) for each in columns)
    ):
        return None
    if long and (tail or len(long) > 1):
        return None  # a beginning ends the search: it would have to be last
    blocks = [equal - set(long), *(frozenset((each,)) for each in tail), frozenset(long)]
    return Candidate(use.table, tuple(block for block in blocks if block))


def _narrowing(use: Use, columns: frozenset[str], estimator: Estimator) -> frozenset[str]:
    """The columns without those that leave about as many rows without them."""
    chosen: tuple[str, ...] = ()
    left = sorted(columns)
    while left and len(chosen) < MOST_COLUMNS:
        best = min(left, key=lambda each: (estimator.known(use, (*chosen, each)), each))
        narrower = estimator.known(use, chosen) / estimator.known(use, (*chosen, best))
        if narrower < NARROWS:
            break
        chosen = (*chosen, best)
        left.remove(best)
    return frozenset(chosen)


def _order(use: Use, known: frozenset[str]) -> tuple[str, ...]:
    asked = [each for each in use.order if each.column.column not in known]
    one_way = len({each.descending for each in asked}) == 1
    if not one_way:
        return ()
    return tuple(dict.fromkeys(each.column.column for each in asked))


def _flat(blocks: tuple[frozenset[str], ...], rank: Callable[[str], float]) -> tuple[str, ...]:
    return tuple(
        column for block in blocks for column in sorted(block, key=lambda each: (rank(each), each))
    )
