"""Which statement reads and throws away all pages before the one it gives?

Evidence: OFFSET, and many more rows that were sorted, or read in order, than given.

Example: `ORDER BY id LIMIT 20 OFFSET 40000` reads 40,020 rows; `WHERE id > ? ORDER BY id LIMIT 20`,
with the last id of the page before, reads 20.

Silent about first pages, even where all rows are read to sort them: then `index.missing` asks for
an index that gives the order.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import (
    counted,
    spoken,
    statement_evidence,
    statement_object,
    table_name,
)
from dbsbm.optimizer.rules.indexes.demand import best_for
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.judgement import is_wanted
from dbsbm.optimizer.rules.indexes.searching import Search, search, ways
from dbsbm.optimizer.rules.indexes.uses import shapes_within, uses
from dbsbm.optimizer.rules.statements.rewriting import parse, statement
from dbsbm.optimizer.rules.statements.seen import Seen, big_table, expensive, is_heavy
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Table
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
                findings.append(_finding(seen, shape, case, estimator, skipped))
                break
    return findings


def _skipped(seen: Seen, shape: Shape, case: Case, estimator: Estimator) -> float:
    """Rows that a run skips.

    A sort gives what is skipped and what is sent, and says how many rows those are. Without a sort,
    all that is read is one or the other, but for what does not meet the conditions.
    """
    sorted_rows = seen.load.sorted_rows / seen.load.calls
    known = max(shape.offset or 0, 0)
    if sorted_rows and not _sorts_what_is_sent(seen, shape):
        return known
    if sorted_rows:
        return sorted_rows - seen.given
    kept = _kept_in_order(shape, case, estimator)
    return known if kept is None else max(known, seen.read * kept - seen.given)


def _sorts_what_is_sent(seen: Seen, shape: Shape) -> bool:
    """Tell whether a sort ends where LIMIT does.

    One table of several may be sorted whole before the others are looked up for its rows; what they
    give goes through a temporary table otherwise. SQL_CALC_FOUND_ROWS sorts all that there is.
    """
    is_joined = len(shape.sources) > 1 and seen.load.temporary_tables < seen.load.calls
    return not is_joined and not shape.counts_all


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


def _finding(seen: Seen, shape: Shape, case: Case, estimator: Estimator, skipped: float) -> Finding:
    source = shape.order[0].column if shape.order else shape.sources[0]
    table = case.snapshot.tables[source.schema, source.table]
    new = _new_indexes(seen, case, estimator)
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
        fix=(_by_key(seen, shape, table), *(ddl.alter(at, ddl.add(index)) for at, index in new)),
        revert=tuple(ddl.alter(at, ddl.drop(index)) for at, index in new),
        expected_gain=(
            f"reads {counted(max(seen.given, 1), 'row')} a run in place of {spoken(seen.read)}"
        ),
        confidence=0.95 if seen.load.sorted_rows else 0.85,
        risk="none",
    )


def _new_indexes(seen: Seen, case: Case, estimator: Estimator) -> list[tuple[Table, Index]]:
    """Those that a page by key needs, but for what `index.missing` asks for."""
    page = replace(seen.shape, offset=None)
    new = []
    for candidate, _ in best_for(case, estimator, seen.load, page):
        table, columns = candidate.table, candidate.ordered((), estimator.rank(candidate.table))
        if not is_wanted(case, table, columns):
            new.append((table, Index(ddl.new_name(table, columns), ddl.parts_of(table, columns))))
    return new


def _by_key(seen: Seen, shape: Shape, table: Table) -> str:
    """The statement that goes on after the last row of the page before."""
    after = _after(shape, table)
    tree = parse(seen.load.text)
    if not isinstance(tree, exp.Select) or not after:
        return f"... WHERE {after or 'key > ?'} ORDER BY ... LIMIT ?"
    page = tree.copy()
    page.set("offset", None)
    page = page.where(after, dialect="mysql")
    for name, descending in _ordered_by(shape, table)[len(shape.order) :]:
        page = page.order_by(f"{name} DESC" if descending else name, dialect="mysql")
    return statement(page)


def _after(shape: Shape, table: Table) -> str:
    """`(a < ?) OR (a = ? AND id < ?)`: what comes after a row in the order."""
    names = _ordered_by(shape, table)
    each = [
        " AND ".join(
            [
                *(f"{before} = ?" for before, _ in names[:place]),
                f"{name} {'<' if descending else '>'} ?",
            ]
        )
        for place, (name, descending) in enumerate(names)
    ]
    return each[0] if len(each) == 1 else " OR ".join(f"({one})" for one in each)


def _ordered_by(shape: Shape, table: Table) -> list[tuple[str, bool]]:
    """The order, with the primary key last so that no two rows are alike."""
    several = len(shape.sources) > 1
    source = shape.order[0].column.source if shape.order else shape.sources[0].name
    is_down = bool(shape.order and shape.order[-1].descending)
    given = {each.column.column for each in shape.order}
    key = table.primary_key
    names = [(each.column.source, each.column.column, each.descending) for each in shape.order]
    names += [(source, each, is_down) for each in (key.columns if key else ()) if each not in given]
    return [
        (f"{quoted(of)}.{quoted(name)}" if several else quoted(name), down)
        for of, name, down in names
    ]
