"""Which automatic number will soon be greater than its column can hold?

Evidence: the next number of each table, and the type of the column.

Example: `id INT` with the next number 1,990,000,000 of 2,147,483,647: at 100 % each INSERT fails.

Silent below INFO_SHARE of the greatest number.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding, Severity
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import column_name
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, ForeignKey, Table
from dbsbm.optimizer.server.quoting import quoted

NAME = "schema.key_running_out"

INFO_SHARE, WARNING_SHARE, CRITICAL_SHARE = 0.5, 0.7, 0.9
"""Half is years away for most; from 90 % on, changing the type of a big table may come too late."""
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}


def examine(case: Case) -> list[Finding]:
    """Report each number that runs out."""
    findings = []
    for table in case.snapshot.tables.values():
        column = next((each for each in table.columns.values() if each.auto_increment), None)
        if column is None or table.next_number is None or column.base not in _BITS:
            continue
        share = (table.next_number - 1) / greatest(column)
        if share >= INFO_SHARE:
            findings.append(_finding(table, column, table.next_number - 1, share, case))
    return findings


def greatest(column: Column) -> int:
    """The greatest number that an integer column holds."""
    return int(2 ** (_BITS[column.base] - (not is_unsigned(column))) - 1)


def is_unsigned(column: Column) -> bool:
    """Tell whether an integer column holds no negative numbers."""
    return "unsigned" in column.type or "zerofill" in column.type


def _finding(table: Table, column: Column, last: int, share: float, case: Case) -> Finding:
    steps = _steps(table, column, case)
    return Finding(
        rule=NAME,
        object=column_name(table, column.name),
        severity=_severity(share),
        cause=(
            f"{table.name}.{column.name} is {column.type} and has used {share:.0%} of its numbers: "
            f"no row can be added beyond {greatest(column):,}."
        ),
        evidence={
            "last_number": last,
            "greatest": greatest(column),
            "share": round(share, 4),
            "table_rows": table.rows,
            "referred_to_by": [
                f"{other.name}.{key.columns[0]}" for other, key in _children(table, column, case)
            ],
        },
        fix=tuple(fix for fix, _ in steps),
        revert=tuple(revert for _, revert in reversed(steps)),
        expected_gain=f"room for {greatest_of('bigint unsigned'):,} numbers",
        confidence=1.0,
        risk="medium",
    )


def greatest_of(kind: str) -> int:
    """The greatest number of an integer type."""
    return greatest(Column("", kind, kind.split(maxsplit=1)[0]))


def _severity(share: float) -> Severity:
    if share >= CRITICAL_SHARE:
        return "critical"
    return "warning" if share >= WARNING_SHARE else "info"


def _steps(table: Table, column: Column, case: Case) -> list[tuple[str, str]]:
    """Each statement with what undoes it: columns that refer to this one have to grow with it."""
    children = _children(table, column, case)
    wide = "bigint unsigned" if is_unsigned(column) else "bigint"
    steps = [
        (ddl.alter(other, f"DROP FOREIGN KEY {quoted(key.name)}"), ddl.alter(other, _add(key)))
        for other, key in children
    ]
    for where, each in [(table, column), *_columns(children)]:
        change = ddl.alter(where, ddl.modify(each, type=wide))
        steps.append((change, ddl.alter(where, ddl.modify(each))))
    return steps + [
        (ddl.alter(other, _add(key)), ddl.alter(other, f"DROP FOREIGN KEY {quoted(key.name)}"))
        for other, key in children
    ]


def _children(table: Table, column: Column, case: Case) -> list[tuple[Table, ForeignKey]]:
    return [
        (other, key)
        for other in case.snapshot.tables.values()
        for key in other.foreign_keys
        if (key.other_schema, key.other_table) == (table.schema, table.name)
        and key.other_columns == (column.name,)
    ]


def _columns(children: list[tuple[Table, ForeignKey]]) -> list[tuple[Table, Column]]:
    return [(other, other.columns[key.columns[0]]) for other, key in children]


def _add(key: ForeignKey) -> str:
    if key.definition:
        return f"ADD {key.definition}"
    own = ", ".join(quoted(each) for each in key.columns)
    others = ", ".join(quoted(each) for each in key.other_columns)
    where = f"{quoted(key.other_schema)}.{quoted(key.other_table)}"
    return f"ADD CONSTRAINT {quoted(key.name)} FOREIGN KEY ({own}) REFERENCES {where} ({others})"
