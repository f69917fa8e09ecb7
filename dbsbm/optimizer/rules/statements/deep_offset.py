"""Which statement reads and throws away all pages before the one it gives?

Evidence: OFFSET, and many more rows that were sorted, or read in order, than given.

Example: `ORDER BY id LIMIT 20 OFFSET 40000` reads 40,020 rows; `WHERE id > ? ORDER BY id LIMIT 20`,
with the last id of the page before, reads 20.

Silent about first pages, even where all rows are read to sort them: then `index.missing` asks for
an index that gives the order.
"""

from __future__ import annotations

from sqlglot import exp

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import (
    spoken,
    statement_evidence,
    statement_object,
    table_name,
)
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.searching import Search, search, ways
from dbsbm.optimizer.rules.indexes.uses import shapes_within, uses
from dbsbm.optimizer.rules.statements.rewriting import parse, statement
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, expensive, is_heavy
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.shape import Shape

NAME = "statement.deep_offset"

MIN_OFFSET = 1_000
"""Rows that are skipped within milliseconds."""


def examine(case: Case) -> list[Finding]:
    """Report each statement that skips many rows."""
    estimator = Estimator(case)
    findings = []
    for seen in expensive(case):
        for shape in shapes_within(seen.shape) if seen.wastes else ():
            if shape.offset is None or not shape.sources or shape.aggregates:
                continue
            skipped = _skipped(seen, shape, case, estimator)
            if big_table(case, shape.sources[0]) is not None and skipped >= MIN_OFFSET:
                findings.append(_finding(seen, shape, case, skipped))
                break
    return findings


def _skipped(seen: Seen, shape: Shape, case: Case, estimator: Estimator) -> float:
    """Rows that a run skips.

    A sort gives what is skipped and what is sent, and says how many rows those are. Without a sort,
    all that is read is one or the other, but for what does not meet the conditions.
    """
    sorted_rows = seen.load.sorted_rows / seen.load.calls
    if sorted_rows:
        return sorted_rows - seen.given
    known = max(shape.offset or 0, 0)
    kept = _kept_in_order(shape, case, estimator)
    return known if kept is None else max(known, seen.read * kept - seen.given)


def _kept_in_order(shape: Shape, case: Case, estimator: Estimator) -> float | None:
    """The share of rows that are skipped or sent, where they are read in order; None if sorted."""
    found = uses(shape, case)
    if len(found) != 1 or shape.random_order or shape.sorts_expression:
        return None
    use = found[0]
    searches = [search(way, use, use.given) for way in ways(use.table)]
    fitting = [each for each in searches if each.ordered] if shape.order else [*searches, Search()]
    if not fitting:
        return None
    read = min(estimator.narrowed(use, each) for each in fitting)
    return min(estimator.matching(use, use.given) / read, 1.0)


def _finding(seen: Seen, shape: Shape, case: Case, skipped: float) -> Finding:
    source = shape.order[0].column if shape.order else shape.sources[0]
    table = case.snapshot.tables[source.schema, source.table]
    return Finding(
        rule=NAME,
        object=statement_object(table_name(table), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"OFFSET makes the server read {spoken(seen.read)} rows of {table.name} a run and give "
            f"{spoken(seen.given)}: all pages before are read and thrown away."
        ),
        evidence={
            **statement_evidence(seen.load),
            "skipped_a_run": round(skipped),
            "table_rows": table.rows,
        },
        fix=(_by_key(seen, shape, table),),
        expected_gain=(
            f"reads {spoken(max(seen.given, 1))} rows a run in place of {spoken(seen.read)}"
        ),
        confidence=0.95 if seen.load.sorted_rows else 0.85,
        risk="none",
    )


def _by_key(seen: Seen, shape: Shape, table: Table) -> str:
    """The statement that goes on after the last row of the page before."""
    after = _after(shape, table)
    tree = parse(seen.load.text)
    if not isinstance(tree, exp.Select) or not after:
        return f"... WHERE {after or 'key > ?'} ORDER BY ... LIMIT ?"
    page = tree.copy()
    page.set("offset", None)
    return statement(page.where(after, dialect="mysql"))


def _after(shape: Shape, table: Table) -> str:
    """`(a < ?) OR (a = ? AND id < ?)`: what comes after a row in the order."""
    names = _ordered_by(shape, table)
    each = [
        " AND ".join(
            [
                *(f"{quoted(before)} = ?" for before, _ in names[:place]),
                f"{quoted(name)} {'<' if descending else '>'} ?",
            ]
        )
        for place, (name, descending) in enumerate(names)
    ]
    return each[0] if len(each) == 1 else " OR ".join(f"({one})" for one in each)


def _ordered_by(shape: Shape, table: Table) -> list[tuple[str, bool]]:
    """The order, with the primary key last so that no two rows are alike."""
    names = [(each.column.column, each.descending) for each in shape.order]
    is_down = bool(names and names[-1][1])
    key = table.primary_key
    given = {name for name, _ in names}
    return [
        *names,
        *((each, is_down) for each in (key.columns if key else ()) if each not in given),
    ]
