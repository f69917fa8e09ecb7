"""Which table has no primary key?

Evidence: its indexes.

Example: a table of events without one: InnoDB numbers its rows by a counter that all such tables
share, a replica compares whole rows to find one, and no row can be told from its double.

Silent where a unique index without NULL stands in for it, about engines that keep no rows, and a
remark only where a table has fewer than MIN_ROWS rows.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import table_name
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Server, Table
from dbsbm.optimizer.server.quoting import quoted

NAME = "schema.no_primary_key"

MIN_ROWS = 1_000
"""A smaller table can be searched whole by whoever has to."""
_NO_ROWS = {"blackhole", "csv", "federated", "connect", "view"}


def examine(case: Case) -> list[Finding]:
    """Report each table without a key."""
    return [
        _finding(table, case.snapshot.server)
        for table in case.snapshot.tables.values()
        if table.engine.lower() not in _NO_ROWS and not _has_key(table)
    ]


def _has_key(table: Table) -> bool:
    return table.primary_key is not None or any(_is_key(index, table) for index in table.indexes)


def _is_key(index: Index, table: Table) -> bool:
    whole = len(index.columns) == len(index.parts)
    return (
        index.unique and whole and not any(table.columns[each].nullable for each in index.columns)
    )


def _finding(table: Table, server: Server) -> Finding:
    numbered = next((each for each in table.columns.values() if each.auto_increment), None)
    if numbered is not None:
        fix = ddl.alter(table, f"ADD PRIMARY KEY ({quoted(numbered.name)})")
        revert = ddl.alter(table, "DROP PRIMARY KEY")
    else:
        name = _free_name(table)
        # A column that SELECT * and INSERT without names do not see changes no statement.
        hidden = " INVISIBLE" if _can_hide(server) else ""
        fix = ddl.alter(
            table,
            f"ADD COLUMN {quoted(name)} BIGINT UNSIGNED NOT NULL AUTO_INCREMENT{hidden} "
            "PRIMARY KEY",
        )
        revert = ddl.alter(table, f"DROP COLUMN {quoted(name)}")
    return Finding(
        rule=NAME,
        object=table_name(table),
        severity="warning" if table.rows >= MIN_ROWS else "info",
        cause=(
            f"{table.name} has no primary key and no unique index that could stand in for it: "
            "replicas have to search it for each changed row, and equal rows cannot be told apart."
        ),
        evidence={"table_rows": table.rows, "engine": table.engine},
        fix=(fix,),
        revert=(revert,),
        expected_gain="rows can be found, changed and replicated one by one",
        confidence=1.0,
        risk="medium",
    )


def _free_name(table: Table) -> str:
    taken = {name.lower() for name in table.columns}
    return next(name for name in ("id", "row_id", f"{table.name}_row_id") if name not in taken)


def _can_hide(server: Server) -> bool:
    first = (10, 3) if server.flavor == "mariadb" else (8, 0, 23)
    return server.version >= first
