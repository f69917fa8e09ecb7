"""Indexes that hold all that a statement reads, so that it need not fetch each row.

Fetching a row by a secondary index is a search of its own: a statement that finds many rows in an
index and needs one more narrow column of each spends nearly all its time there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbsbm.optimizer.rules.describe import rows_read
from dbsbm.optimizer.rules.indexes.demand import (
    WRITE_COST,
    Served,
    Wanted,
    writes_by_table,
)
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.reading import MIN_CALLS
from dbsbm.optimizer.rules.indexes.searching import CLUSTERED, Way, search, ways
from dbsbm.optimizer.rules.indexes.uses import Use, uses
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Load, Table
from dbsbm.optimizer.statements.shape import Shape

MIN_FETCHED = 200
"""Rows a run that are fetched one by one, from which on an index of its own for that pays."""
MIN_TABLE = 10_000
"""Rows of a table below which all of it stays in memory."""
MIN_ROW_BYTES = 100
"""A narrower row is hardly bigger than the entry that would stand in for it."""
MIN_FETCHED_IN_ALL = 5_000
"""Rows that all runs together must fetch."""
AS_EXPECTED = 3.0
"""How far what was read may be from the estimate, so that it was this index that was used."""
MOST_ADDED = 2
NARROW = 32
"""Bytes or characters of a column that may be repeated in an index."""
_WIDE = {"text", "blob", "json", "geometry"}


def with_columns_read(wanted: Wanted, case: Case) -> Wanted:
    """A new index with the columns that its first statement reads besides, if that pays."""
    first = wanted.served[0]
    shape = case.shapes[first.load.digest]
    use = _only_use(shape, case)
    if use is None or first.after < MIN_FETCHED or not _is_wide_table(wanted.table):
        return wanted
    added = _added(use, wanted.columns)
    return replace(wanted, columns=(*wanted.columns, *added)) if added else wanted


def wanted_coverings(case: Case, estimator: Estimator) -> Iterator[Wanted]:
    """Indexes that exist and lack a column or two, as they should be."""
    writes = writes_by_table(case)
    for load in case.load:
        shape = case.shapes.get(load.digest)
        use = _only_use(shape, case) if shape is not None else None
        if use is None or not _is_worth(load, use, writes[use.table.schema, use.table.name]):
            continue
        by = _used_index(load, use, estimator)
        added = _added(use, by.columns[: by.own]) if by is not None else ()
        if by is not None and added:
            rows = rows_read(load)
            served = Served(load, rows, rows)
            yield Wanted(use.table, (*by.columns[: by.own], *added), (served,))


def _only_use(shape: Shape, case: Case) -> Use | None:
    """The use of a SELECT on one table that names its columns."""
    if shape.verb != "select" or len(shape.sources) != 1 or shape.subqueries or shape.limit:
        return None
    found = uses(shape, case)
    return found[0] if found and found[0].read and not shape.alternatives else None


def _is_worth(load: Load, use: Use, writes: int) -> bool:
    fetched = load.rows_examined
    is_big = use.table.rows >= MIN_TABLE and _is_wide_table(use.table)
    is_often = load.calls >= MIN_CALLS and fetched >= max(MIN_FETCHED_IN_ALL, WRITE_COST * writes)
    return is_big and is_often and rows_read(load) >= MIN_FETCHED


def _is_wide_table(table: Table) -> bool:
    is_clustered = table.engine.lower() in CLUSTERED
    return is_clustered and table.bytes / max(table.rows, 1) >= MIN_ROW_BYTES


def _used_index(load: Load, use: Use, estimator: Estimator) -> Way | None:
    """The secondary index by which the rows were found, if what was read fits only that."""
    found = [(each, search(each, use, use.given)) for each in ways(use.table)]
    useful = [(each, way) for each, way in found if way.equal or way.bounded]
    if not useful:
        return None
    by, best = min(useful, key=lambda pair: estimator.narrowed(use, pair[1]))
    expected = use.table.rows * estimator.narrowed(use, best)
    is_expected = expected / AS_EXPECTED <= rows_read(load) <= expected * AS_EXPECTED
    is_plain = not by.covers(use) and by.partial is None and not by.descending
    return by if is_plain and is_expected and rows_read(load) < use.table.rows / 2 else None


def _added(use: Use, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that lack for the index to hold all that is read; none if that is too much."""
    key = use.table.primary_key
    held = {*columns, *(key.columns if key else ())}
    lacking = tuple(each for each in use.table.columns if each in (use.read or frozenset()) - held)
    narrow = all(_is_narrow(use.table.columns[each]) for each in lacking)
    return lacking if narrow and len(lacking) <= MOST_ADDED else ()


def _is_narrow(column: Column) -> bool:
    is_wide = any(column.base.endswith(kind) for kind in _WIDE)
    return not is_wide and (column.length or 0) <= NARROW and not column.is_generated
