"""How many rows a statement reads with given indexes, as far as statistics can tell.

The measure is the same as that of the performance schema, rows examined, so that the estimate for
the indexes that exist can be compared with what was observed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules.indexes.pages import scanned, searched
from dbsbm.optimizer.rules.indexes.searching import Search, Way, search
from dbsbm.optimizer.rules.indexes.uses import Use, uses
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.statements.shape import Shape

WaysOf = Callable[[Table], tuple[Way, ...]]

ONE_ENDED_RANGE = 1 / 3
"""Share of rows within `a > ?`, where nothing is known. Planners assume the same."""
TWO_ENDED_RANGE = 1 / 10
OTHER_CONDITION = 1 / 3
"""Share of rows that meet a condition that no index narrows, such as a pattern or `!=`."""
ENDED = 0.5
"""Share of a known LIMIT below which it ended few runs: all rows that there were have been sent."""
LIST_SIZE = 5
"""Values of a list of unknown length."""
PAGES = 10
"""Pages that an unknown OFFSET skips."""
FLAG_VALUES = 2
NULLS = 1 / 3
"""Share of rows without a value, where nothing is known: mostly there are many or few of them."""
UNKNOWN_VALUES = 10
"""Different values of a column of which nothing is known: few, so that not much is promised."""
_FLAGS = {"enum", "bit", "boolean", "bool", "tinyint", "set"}
_MOST_ORDERS = 5
"""Tables up to which every order of joins is tried: 120 orders; beyond, only the text's order."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one statement reads.

    Attributes:
        rows: Rows that are read, each run.
        result: Rows that it yields, before a LIMIT.
        pages: Pages that are read for them, each run.
    """

    rows: float
    result: float
    pages: float = 0.0


class Estimator:
    """Estimates for one case; numbers of different values are asked for once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._shares: dict[tuple[str, str, frozenset[str]], float] = {}

    def share(self, table: Table, columns: Iterable[str]) -> float:
        """The share of a table's rows that have one given value in each of the columns."""
        key = (table.schema, table.name, frozenset(columns))
        if key not in self._shares:
            self._shares[key] = self._share(table, key[2])
        return self._shares[key]

    def known(self, use: Use, columns: Iterable[str]) -> float:
        """The same for what a statement asks for: a value in each column, or none."""
        columns = frozenset(columns)
        share = self.share(use.table, columns - use.nulls)
        for column in columns & use.nulls:
            share *= self._without_value(use.table, column)
        return max(share, 1 / max(use.table.rows, 1))

    def _without_value(self, table: Table, column: str) -> float:
        answer = (
            Missing("Nobody to ask.")
            if self._case.ask is None
            else self._case.ask.nulls(table, column)
        )
        return NULLS if isinstance(answer, Missing) else answer

    def rank(self, table: Table) -> Callable[[str], float]:
        """What columns of an index are ordered by: those that narrow most come first."""
        return lambda column: self.share(table, (column,))

    def _share(self, table: Table, columns: frozenset[str]) -> float:
        rows = max(table.rows, 1)
        if not columns:
            return 1.0
        if any(
            index.unique
            and index.columns
            and len(index.columns) == len(index.parts)
            and set(index.columns) <= columns
            for index in table.indexes
        ):
            return 1 / rows
        distinct = self._distinct(table, columns)
        if distinct is not None:
            return 1 / min(max(distinct, 1), rows)
        if len(columns) == 1:
            return 1 / _guess(table, *columns)
        together = 1.0
        for column in columns:
            together *= self.share(table, (column,))
        return max(together, 1 / rows)

    def _distinct(self, table: Table, columns: frozenset[str]) -> int | None:
        for index in table.indexes:
            if index.cardinality and set(index.columns) == columns and _is_whole(index.parts):
                return index.cardinality
        if self._case.ask is None:
            return None
        ordered = [column for column in table.columns if column in columns]
        answer = self._case.ask.distinct(table, ordered)
        return None if isinstance(answer, Missing) else answer

    def matching(self, use: Use, known: frozenset[str]) -> float:
        """The share of a table's rows that meet every condition on it."""
        found = self._equal(use, known)
        for _, both in use.ranges:
            found *= TWO_ENDED_RANGE if both else ONE_ENDED_RANGE
        return found * float(OTHER_CONDITION ** min(use.others, 2))

    def _equal(self, use: Use, columns: Iterable[str]) -> float:
        columns = frozenset(columns)
        several = LIST_SIZE if columns & use.lists else 1
        return min(self.known(use, columns) * several, 1.0)

    def narrowed(self, use: Use, found: Search) -> float:
        """The share of a table's rows that a search reads."""
        share = self._equal(use, found.equal)
        if found.bounded is not None:
            both = dict(use.ranges).get(found.bounded, False)
            share *= TWO_ENDED_RANGE if both else ONE_ENDED_RANGE
        return share

    def statement(self, load: Load, shape: Shape, ways_of: WaysOf) -> Read:
        """What a statement and its subqueries read, each run."""
        return self._query(shape, ways_of, _seen(load, shape))

    def _query(self, shape: Shape, ways_of: WaysOf, seen: _Seen | None) -> Read:
        own = _Joins(self, shape, uses(shape, self._case), ways_of, seen).best()
        rows, pages = own.rows, own.pages
        for inner in shape.subqueries:
            once = self._query(inner, ways_of, None)
            # Each row that may be in the result asks anew.
            times = max(own.result, 1.0) if inner.correlated else 1.0
            rows, pages = rows + once.rows * times, pages + once.pages * times
        return Read(rows, own.result, pages)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen of a run.

    Attributes:
        sent: Rows that it gave or deleted.
        skipped: Rows that OFFSET skipped.
    """

    sent: float
    skipped: float


class _Joins:
    """The tables of one query, in whatever order reads the fewest rows."""

    def __init__(
        self,
        estimator: Estimator,
        shape: Shape,
        tables: list[Use],
        ways_of: WaysOf,
        seen: _Seen | None,
    ) -> None:
        self._estimator = estimator
        self._shape = shape
        self._tables = tables
        self._ways: Mapping[str, tuple[Way, ...]] = {
            use.name: tuple(way for way in ways_of(use.table) if way.may_serve(use))
            for use in tables
        }
        is_plain = not (shape.aggregates or shape.distinct or shape.counts_all)
        self._sent = seen.sent if seen is not None and is_plain else None
        self._is_ended = shape.limit is not None and (
            shape.limit < 0 or self._sent is None or self._sent >= ENDED * shape.limit
        )
        self._skipped = seen.skipped if seen is not None else 0.0

    def best(self) -> Read:
        if not self._tables:
            return Read(0.0, 1.0)
        few = len(self._tables) <= _MOST_ORDERS
        orders = permutations(self._tables) if few else [tuple(self._tables)]
        return min((self._in_order(order) for order in orders), key=lambda read: read.rows)

    def _in_order(self, order: tuple[Use, ...]) -> Read:
        rows, pages, result, placed = 0.0, 0.0, 1.0, frozenset[str]()
        passed = self._passed(order)
        for use in order:
            known = use.reachable(placed)
            each, read = self._cheapest(use, known, passed, first=not placed)
            times = result if each < use.table.rows else 1.0
            rows, pages = rows + each * times, pages + read * times
            result *= use.table.rows * self._estimator.matching(use, known)
            if not placed:
                result = min(result, each)  # reading may have ended where LIMIT did
            placed |= {use.name}
        if self._sent is not None and not self._is_ended:
            result = max(self._sent, 1.0)
        return Read(rows, result, pages)

    def _passed(self, order: tuple[Use, ...]) -> float:
        """The share of the first table's rows for which all others have a row."""
        share, placed = 1.0, frozenset((order[0].name,))
        for use in order[1:]:
            joined = use.reachable(placed) - use.given
            each = use.table.rows * self._estimator.share(use.table, joined)
            share *= min(each * self._estimator.matching(use, use.given), 1.0)
            placed |= {use.name}
        return share

    def _cheapest(
        self, use: Use, known: frozenset[str], passed: float, *, first: bool
    ) -> tuple[float, float]:
        """Rows and pages of the way that reads the fewest rows: it is what planners look at."""
        every = float(use.table.rows)
        whole = self._stopped(use, known, every, Search(), passed) if first else every
        reads = [(whole, scanned(use.table, whole))]
        for by in self._ways[use.name]:
            found = search(by, use, known)
            if found.equal or found.bounded or found.ordered:
                rows = self._by_index(use, known, found, passed, first=first)
                reads.append((rows, searched(by, use, rows)))
        return min(reads)

    def _by_index(
        self, use: Use, known: frozenset[str], found: Search, passed: float, *, first: bool
    ) -> float:
        rows = max(use.table.rows * self._estimator.narrowed(use, found), 1.0)
        if len(self._tables) == 1 and self._sent is not None and not self._is_ended:
            served = {*found.equal, *([found.bounded] if found.bounded else ())}
            everything = set(known) | {column for column, _ in use.ranges}
            exact = served >= everything and not use.others and len(use.ranges) <= 1
            rows = max(self._sent, 1.0) if exact else max(rows, self._sent)
        return self._stopped(use, known, rows, found, passed) if first else rows

    def _stopped(
        self, use: Use, known: frozenset[str], rows: float, found: Search, passed: float
    ) -> float:
        """Fewer rows, where a LIMIT ends the reading early."""
        shape = self._shape
        if use.extreme and found.ordered and set(found.equal) >= known:
            return 1.0
        sorts = bool(shape.order or shape.random_order or shape.sorts_expression)
        if not self._is_ended or self._sent is None or (sorts and not found.ordered):
            return rows
        match = self._estimator.matching(use, known)
        kept = passed * min(match / max(self._estimator.narrowed(use, found), 1e-9), 1.0)
        return min(rows, (max(self._sent, 1.0) + self._skipped) / max(kept, 1e-9))


def _seen(load: Load, shape: Shape) -> _Seen | None:
    """What was seen of a statement; of an UPDATE only the rows that changed are known."""
    if shape.verb not in {"select", "delete"}:
        return None
    sent = (load.rows_sent or load.rows_affected) / max(load.calls, 1)
    sorted_rows = load.sorted_rows / max(load.calls, 1)
    if shape.offset is None:
        return _Seen(sent, 0.0)
    if sorted_rows:  # a sort gives what is skipped and what is sent
        return _Seen(sent, max(sorted_rows - sent, 0.0))
    return _Seen(sent, float(shape.offset) if shape.offset >= 0 else PAGES * sent)


def _is_whole(parts: Iterable[object]) -> bool:
    return all(getattr(part, "prefix", None) is None for part in parts)


def _guess(table: Table, column: str) -> int:
    known = table.columns.get(column)
    is_flag = known is not None and (known.base in _FLAGS)
    return FLAG_VALUES if is_flag else UNKNOWN_VALUES
