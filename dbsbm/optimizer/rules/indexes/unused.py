"""Which index is kept up and never read?

Evidence: how often the server has read and written each index since its statistics began, their
age, and every statement that was seen.

Example: (state) of a table with 80,000 rows: 0 reads in 12 days, while 40,000 rows were written.

Silent where statistics are younger than MIN_AGE and saw fewer than MIN_RUNS statements on the
table; about primary keys, uniqueness, foreign keys and what they refer to, special kinds (reads of
which are not counted) and tables of fewer than MIN_ROWS rows; about an index that stands in for a
redundant one, and one that a statement could use once it is written differently.
"""

from __future__ import annotations

from datetime import timedelta

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import counted
from dbsbm.optimizer.rules.indexes.changes import Change, changes
from dbsbm.optimizer.rules.indexes.use_counts import MIN_AGE, runs_by_table
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index

NAME = "index.unused"

SURE_AGE = timedelta(days=35)
"""A month and some days: what runs once a month has run."""


def examine(case: Case) -> list[Finding]:
    """Report each index that nothing reads."""
    present(case.snapshot.index_use)
    runs = runs_by_table(case)
    return [
        _finding(change, change.about, case, runs[change.table.schema, change.table.name])
        for change in case.once(changes)
        if isinstance(change.about, Index)
    ]


def _finding(change: Change, index: Index, case: Case, runs: int) -> Finding:
    table = change.table
    age = case.snapshot.server.uptime
    writes = present(case.snapshot.index_use)[table.schema, table.name, index.name].writes
    hide = ddl.hide(case.snapshot.server, table, index, hidden=True)
    return Finding(
        rule=NAME,
        object=change.object,
        severity=change.severity,
        cause=(
            f"The index {index.name} of {table.name} was never read in {_spoken(age)}, in which "
            f"{runs:,} statements read or changed the table."
        ),
        evidence={
            "reads": 0,
            "writes": writes,
            "age_seconds": round(age.total_seconds()),
            "statements": runs,
            "table_rows": table.rows,
            "index_bytes": index.bytes,
            "try_first": hide,
        },
        fix=(change.fix,),
        revert=(change.revert,),
        expected_gain="one index less to write for each changed row",
        confidence=_confidence(age),
        risk="medium" if age < SURE_AGE else "low",
    )


def _spoken(age: timedelta) -> str:
    seconds = age.total_seconds()
    if seconds < 120:
        return counted(round(seconds), "second")
    hours = seconds / 3600
    if hours < 2:
        return counted(round(hours * 60), "minute")
    return f"{hours:.0f} hours" if hours < 48 else f"{age.days} days"


def _confidence(age: timedelta) -> float:
    if age >= SURE_AGE:
        return 0.95
    return 0.8 if age >= MIN_AGE else 0.6
