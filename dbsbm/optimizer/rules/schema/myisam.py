"""Which table is kept by an engine that loses rows in a crash?

Evidence: its engine.

Example: a MyISAM table: a write locks all of it, a transaction's changes to it are not rolled
back, and after a crash it has to be repaired.

Silent about InnoDB and about tables in memory. Aria (of MariaDB) survives a crash but knows no
transactions: a remark.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import table_name
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Table

NAME = "schema.myisam"

_ENGINES = {"myisam", "mrg_myisam", "aria"}


def examine(case: Case) -> list[Finding]:
    """Report each table without transactions."""
    return [
        _finding(table)
        for table in case.snapshot.tables.values()
        if table.engine.lower() in _ENGINES
    ]


def _finding(table: Table) -> Finding:
    is_aria = table.engine.lower() == "aria"
    safety = "survives a crash" if is_aria else "may lose rows in a crash"
    return Finding(
        rule=NAME,
        object=table_name(table),
        severity="info" if is_aria else "warning",
        cause=(
            f"{table.name} is kept by {table.engine}, which locks the whole table for a write, "
            f"knows no transactions and {safety}."
        ),
        evidence={"engine": table.engine, "table_rows": table.rows, "bytes": table.bytes},
        fix=(ddl.alter(table, "ENGINE=InnoDB"),),
        revert=(ddl.alter(table, f"ENGINE={table.engine}"),),
        expected_gain="writes lock rows, changes are rolled back, a crash loses nothing",
        confidence=1.0,
        risk="medium",
    )
