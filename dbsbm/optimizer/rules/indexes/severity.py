"""How grave it is that an index lacks, or is one too many."""

from __future__ import annotations

from dbsbm.optimizer.finding import Severity
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.indexes.demand import Wanted
from dbsbm.optimizer.rules.indexes.use_counts import MIN_AGE
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Table

CRITICAL_SAVED = 10_000_000
"""Rows read for nothing, by all runs together, that no server does on the side."""
INFO_SHARE = 0.001
"""Share of all rows read below which an index is worth knowing, not worth a warning."""
MIN_ROWS = 1_000
"""Rows of a table below which a second index costs nothing to speak of."""
MIN_WRITES = 10_000
"""Entries written for nothing from which on it is more than a remark."""


def of_missing(wanted: Wanted, case: Case) -> Severity:
    """Of an index that lacks."""
    saved = sum(each.saved for each in wanted.served)
    if saved >= CRITICAL_SAVED:
        return "critical"
    if not saved:
        return "info"  # the rows are found; only fetching them costs
    read = sum(each.before * each.load.calls for each in wanted.served)
    return "warning" if read >= INFO_SHARE * case.once(_rows_read) else "info"


def of_redundant(table: Table) -> Severity:
    """Of an index that another one can stand in for."""
    return "warning" if table.rows >= MIN_ROWS else "info"


def of_unused(table: Table, index: Index, case: Case) -> Severity:
    """Of an index that nothing reads."""
    writes = present(case.snapshot.index_use)[table.schema, table.name, index.name].writes
    is_old = case.snapshot.server.uptime >= MIN_AGE
    return "warning" if is_old and writes >= MIN_WRITES else "info"


def _rows_read(case: Case) -> int:
    return sum(load.rows_examined for load in present(case.snapshot.load))
