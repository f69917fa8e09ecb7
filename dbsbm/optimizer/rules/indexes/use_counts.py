"""Indexes that nothing has read for long enough to say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Table

MIN_AGE = timedelta(days=1)
"""Statistics that are younger have not seen what runs by day and by night."""
MIN_RUNS = 30
"""Runs of statements on the table that count as seeing enough of it when statistics are younger."""
MIN_ROWS = 1_000
"""A smaller table is read whole, so that no reads of its indexes mean nothing."""


def unread_indexes(case: Case) -> Iterator[tuple[Table, Index]]:
    """Each index that is kept up and was never read, of tables that were in use."""
    use = case.snapshot.index_use
    if isinstance(use, Missing):
        return
    runs = runs_by_table(case)
    for key, table in case.snapshot.tables.items():
        seen = case.snapshot.server.uptime >= MIN_AGE or runs[key] >= MIN_RUNS
        for index in table.indexes if seen and runs[key] and table.rows >= MIN_ROWS else ():
            counted = use.get((*key, index.name))
            if counted is not None and counted.reads == 0 and _is_plain(index):
                yield table, index


def runs_by_table(case: Case) -> Counter[tuple[str, str]]:
    """How often statements read or changed each table."""
    runs: Counter[tuple[str, str]] = Counter()
    for load in () if isinstance(case.snapshot.load, Missing) else case.snapshot.load:
        whole = case.shapes.get(load.digest)
        sources = {
            (source.schema, source.table)
            for shape in (shapes_within(whole) if whole else ())
            for source in shape.sources
            if shape.verb not in {"insert", "replace"}
        }
        for key in sources:
            runs[key] += load.calls
    return runs


def _is_plain(index: Index) -> bool:
    """Tell whether reads of it are counted, and it keeps nothing unique."""
    return index.kind == "BTREE" and index.enabled and not index.unique
