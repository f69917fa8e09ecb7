"""Which statement looks for text in the middle of a column?

Evidence: a pattern that is known to begin with % or _; or one that is not known, while about all
rows are read for the few that are given.

Example: `WHERE title LIKE ?` with '%final%' reads all 80,000 rows for 12, though title is indexed:
an index is sorted by how values begin.

Silent about patterns that begin with a letter, of which an index reads few rows; tables of fewer
than MIN_ROWS rows; and statements that another condition narrows.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import (
    column_name,
    spoken,
    statement_evidence,
    statement_object,
)
from dbsbm.optimizer.rules.indexes.demand import best_for
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.searching import ways
from dbsbm.optimizer.rules.statements.rewriting import with_conditions
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, expensive, is_heavy
from dbsbm.optimizer.rules.statements.types import is_text
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Part, Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.shape import Operand, Predicate

NAME = "statement.leading_wildcard"

ABOUT_ALL = 0.9
"""Share of the table that is read where no index narrows anything."""
MANY = 0.2
"""Share of it that is read in spite of an index on the column, where some patterns begin with a
letter and some do not: those that do read only what they give."""


def examine(case: Case) -> list[Finding]:
    """Report each pattern that no index can serve."""
    estimator = Estimator(case)
    found: dict[str, Finding] = {}
    for seen in expensive(case):
        for _, predicate in seen.predicates():
            table = big_table(case, predicate.column)
            if table is None or not _is_wild(seen, predicate, table):
                continue
            if best_for(case, estimator, seen.load, seen.shape):
                continue  # another condition is enough, once it has an index
            finding = _finding(seen, predicate, table, case)
            found.setdefault(finding.id, finding)
    return list(found.values())


def _is_wild(seen: Seen, predicate: Predicate, table: Table) -> bool:
    if predicate.op != "like" or not seen.wastes:
        return False
    is_unknown = predicate.operand is not Operand.TEXT
    share = MANY if _is_indexed(predicate, table) else ABOUT_ALL
    return predicate.leading_wildcard or (is_unknown and seen.read >= share * table.rows)


def _is_indexed(predicate: Predicate, table: Table) -> bool:
    return any(way.columns[:1] == (predicate.column.column,) for way in ways(table))


def _finding(seen: Seen, predicate: Predicate, table: Table, case: Case) -> Finding:
    column = predicate.column.column
    is_indexed = _is_indexed(predicate, table)
    index = Index(ddl.new_name(table, (column, "words")), (Part(column),), kind="FULLTEXT")
    alone = len(seen.shape.sources) == 1
    of = "" if alone else f"{quoted(predicate.column.source)}."
    match = f"MATCH({of}{quoted(column)}) AGAINST(? IN BOOLEAN MODE)"
    fix = [
        ddl.alter(table, ddl.add(index)),
        with_conditions(seen.load.text, {predicate.sql: match}),
    ]
    has_words = is_text(table.columns[column])
    plain = Index(ddl.new_name(table, (column,)), ddl.parts_of(table, (column,)))
    return Finding(
        rule=NAME,
        object=statement_object(column_name(table, column), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=_cause(seen, predicate, table),
        evidence={
            **statement_evidence(seen.load),
            "condition": predicate.sql,
            "pattern": "begins with a wildcard" if predicate.leading_wildcard else "not known",
            "indexed": is_indexed,
            "table_rows": table.rows,
        },
        fix=(
            *(() if predicate.leading_wildcard or is_indexed else (_plain(table, plain),)),
            *(fix if has_words else ()),
            _backwards(column),
        ),
        revert=(ddl.alter(table, ddl.drop(index)),) if has_words else (),
        expected_gain=f"reads the rows that match in place of {spoken(seen.read)} a run",
        confidence=_confidence(predicate, is_indexed=is_indexed),
        risk="medium",
    )


def _cause(seen: Seen, predicate: Predicate, table: Table) -> str:
    column = f"{table.name}.{predicate.column.column}"
    if predicate.leading_wildcard:
        why = "begins with a wildcard, which no index can search for"
    else:
        why = "can only begin with a wildcard, or lacks an index"
    return f"The pattern for {column} {why}: {spoken(seen.read)} rows are read a run."


def _confidence(predicate: Predicate, *, is_indexed: bool) -> float:
    if predicate.leading_wildcard:
        return 0.95
    return 0.85 if is_indexed else 0.6


def _plain(table: Table, index: Index) -> str:
    return f"Where patterns begin with a letter: {ddl.alter(table, ddl.add(index))}"


def _backwards(column: str) -> str:
    return (
        f"Where patterns begin with a wildcard and end with a letter, index REVERSE({column}) as "
        "a generated column and compare it with REVERSE(?)."
    )
