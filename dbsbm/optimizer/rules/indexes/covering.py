"""Indexes that hold all that a statement reads, so that it need not fetch each row.

Fetching a row by a secondary index is a search of its own: a statement that finds many rows in an
index and needs one more narrow column of each spends nearly all its time there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbsbm.optimizer.rules.describe import rows_read
from dbsbm.optimizer.rules.indexes.candidate import MOST_COLUMNS
from dbsbm.optimizer.rules.indexes.demand import (
    WRITE_COST,
    Served,
    Wanted,
    writes_by_table,
)
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.holding import lacking, only_use
from dbsbm.optimizer.rules.indexes.reading import MIN_CALLS
from dbsbm.optimizer.rules.indexes.searching import CLUSTERED, Way, search, ways
from dbsbm.optimizer.rules.indexes.uses import Use
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load, Table

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


def with_columns_read(wanted: Wanted, case: Case) -> Wanted:
    """A new index with the columns that its statements read besides, where that pays."""
    columns = (*wanted.columns, *_read_besides(wanted, case))
    for served in wanted.served:
        added = tuple(each for each in served.holding if each not in columns)
        if len(columns) + len(added) <= MOST_COLUMNS:
            columns = (*columns, *added)
    return replace(wanted, columns=columns)


def _read_besides(wanted: Wanted, case: Case) -> tuple[str, ...]:
    """What the statement that saves most reads besides, where it fetches many wide rows."""
    first = wanted.served[0]
    use = only_use(case.shapes[first.load.digest], case)
    if use is None or first.after < MIN_FETCHED or not _is_wide_table(wanted.table):
        return ()
    return lacking(use, wanted.columns)


def wanted_coverings(case: Case, estimator: Estimator) -> Iterator[Wanted]:
    """Indexes that exist and lack a column or two, as they should be."""
    writes = writes_by_table(case)
    for load in case.load:
        shape = case.shapes.get(load.digest)
        use = only_use(shape, case) if shape is not None else None
        if use is None or not _is_worth(load, use, writes[use.table.schema, use.table.name]):
            continue
        by = _used_index(load, use, estimator)
        added = lacking(use, by.columns[: by.own]) if by is not None else ()
        if by is not None and added:
            rows = rows_read(load)
            served = Served(load, rows, rows)
            yield Wanted(use.table, (*by.columns[: by.own], *added), (served,))


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
