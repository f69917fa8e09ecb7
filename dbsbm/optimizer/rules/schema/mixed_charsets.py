"""Which text columns that belong together differ in character set or collation?

Evidence: columns that statements join, and the character sets of the schema.

Example: orders.code in latin1 is joined with products.code in utf8mb4: each code of one side is
converted before it is compared, and the index on it is of no use.

A warning where a statement that joins them reads about all of the table. A remark where it reads
little, since the table is small or the other side is the one that is searched, on a table whose
character set differs from that of nearly all others of its schema, and on a column whose character
set is older than its table's. Silent about binary and ASCII columns: hashes, codes and tokens need
no more; and about a column that is joined with another one like it, or that a foreign key holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import (
    column_name,
    statement_evidence,
    table_name,
)
from dbsbm.optimizer.rules.schema.joined import Pair, joined_columns
from dbsbm.optimizer.rules.statements.types import converted, difference
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Table

NAME = "schema.mixed_charsets"

MIN_READ = 1_000
"""Rows a run below which the conversion costs nothing to speak of."""
ABOUT_ALL = 0.5
"""Share of the converted table that is read where its index is of no use."""
USUAL_SHARE = 0.8
"""Share of a schema's tables from which on their character set is the usual one."""
MIN_TABLES = 3
_MODERN = "utf8mb4"
_OLD = {"latin1", "utf8", "utf8mb3"}


def examine(case: Case) -> list[Finding]:
    """Report each column that is converted in a join, and each table apart."""
    joined: dict[str, Finding] = {}
    for pair in joined_columns(case):
        why = difference(pair.column, pair.other)
        if why in {"character sets", "collations"} and converted(pair.column, pair.other):
            finding = _joined(pair, str(why))
            joined.setdefault(finding.object, finding)
    named = {name.rsplit(".", 1)[0] for name in joined}
    apart = [_apart(table) for table in _tables_apart(case) if table_name(table) not in named]
    own = [finding for finding in _columns_apart(case) if finding.object not in joined]
    return [*joined.values(), *apart, *own]


def _joined(pair: Pair, why: str) -> Finding:
    table, column = pair.table, pair.column
    name, other = f"{table.name}.{column.name}", f"{pair.other_table.name}.{pair.other.name}"
    matters = pair.read >= max(MIN_READ, ABOUT_ALL * table.rows)
    cost = "its index is of no use" if matters else "so far that was for few rows"
    return Finding(
        rule=NAME,
        object=column_name(table, column.name),
        severity="warning" if matters else "info",
        cause=(
            f"{name} ({column.collation}) is joined with {other} ({pair.other.collation}): their "
            f"{why} differ, so that each value of {name} is converted: {cost}."
        ),
        evidence={
            **statement_evidence(pair.load),
            "column": f"{name}: {column.type} {column.collation}",
            "joined_with": f"{other}: {pair.other.type} {pair.other.collation}",
        },
        fix=(ddl.alter(table, ddl.modify_like(column, pair.other)),),
        revert=(ddl.alter(table, ddl.modify(column)),),
        expected_gain="the join is searched by the index of either side",
        confidence=0.95,
        risk="medium",
    )


def _tables_apart(case: Case) -> list[Table]:
    """Tables with old text in a schema where nearly all others have modern text."""
    charsets: Counter[tuple[str, str]] = Counter()
    for table in case.snapshot.tables.values():
        charsets[table.schema, _charset(table)] += 1
    apart = []
    for table in case.snapshot.tables.values():
        count = sum(n for (schema, _), n in charsets.items() if schema == table.schema)
        modern = charsets[table.schema, _MODERN]
        has_text = any(column.charset in _OLD for column in table.columns.values())
        is_usual = count >= MIN_TABLES and modern >= USUAL_SHARE * count
        if has_text and _charset(table) in _OLD and is_usual:
            apart.append(table)
    return apart


def _columns_apart(case: Case) -> Iterator[Finding]:
    """Columns with old text in a table of modern text, which nothing needs to be so."""
    bound = set(_bound(case))
    for table in case.snapshot.tables.values():
        for column in table.columns.values() if _charset(table) == _MODERN else ():
            if column.charset in _OLD and (table.schema, table.name, column.name) not in bound:
                yield _column_apart(table, column)


def _bound(case: Case) -> Iterator[tuple[str, str, str]]:
    """Columns that have to stay like the ones that they are joined with."""
    for pair in joined_columns(case):
        if difference(pair.column, pair.other) is None:
            yield pair.table.schema, pair.table.name, pair.column.name
            yield pair.other_table.schema, pair.other_table.name, pair.other.name
    for table in case.snapshot.tables.values():
        for key in table.foreign_keys:
            yield from ((table.schema, table.name, each) for each in key.columns)
            yield from ((key.other_schema, key.other_table, each) for each in key.other_columns)


def _column_apart(table: Table, column: Column) -> Finding:
    modern = ddl.modify(column, charset=_MODERN, collation=table.collation or "")
    return Finding(
        rule=NAME,
        object=column_name(table, column.name),
        severity="info",
        cause=(
            f"{table.name}.{column.name} keeps its texts in {column.charset}, its table in "
            f"{_MODERN}: a text may not fit, and a join would convert it."
        ),
        evidence={
            "column": f"{column.type} {column.collation}",
            "table_collation": table.collation,
            "table_rows": table.rows,
        },
        fix=(ddl.alter(table, modern),),
        revert=(ddl.alter(table, ddl.modify(column)),),
        expected_gain="every text fits, and joins need no conversion",
        confidence=0.9,
        risk="medium",
    )


def _charset(table: Table) -> str:
    return (table.collation or "").split("_", 1)[0]


def _apart(table: Table) -> Finding:
    return Finding(
        rule=NAME,
        object=table_name(table),
        severity="info",
        cause=(
            f"{table.name} keeps its texts in {_charset(table)}, nearly all other tables of "
            f"{table.schema} in {_MODERN}: a text may not fit, and a join would convert it."
        ),
        evidence={"collation": table.collation, "table_rows": table.rows},
        fix=(ddl.alter(table, f"CONVERT TO CHARACTER SET {_MODERN}"),),
        revert=(
            ddl.alter(
                table, f"CONVERT TO CHARACTER SET {_charset(table)} COLLATE {table.collation}"
            ),
        ),
        expected_gain="every text fits, and joins need no conversion",
        confidence=0.9,
        risk="medium",
    )
