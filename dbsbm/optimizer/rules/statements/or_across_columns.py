"""Which statement asks for one column OR another one, so that no single index serves it?

Evidence: OR between conditions on different columns, and many more rows read than given.

Example: `WHERE home_id = ? OR away_id = ?` reads all 80,000 rows for 60; as a UNION of two
searches, each by its own index, it reads 60.

Silent about OR on one column (a list), where the server joins two indexes itself (few rows are
read), and where the sides match a large part of the table.
"""

from __future__ import annotations

from sqlglot import exp

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import (
    columns_name,
    counted,
    listed,
    spoken,
    statement_evidence,
    statement_object,
)
from dbsbm.optimizer.rules.indexes.candidate import Candidate, candidates, is_indexable
from dbsbm.optimizer.rules.indexes.demand import best_for
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.judgement import is_wanted
from dbsbm.optimizer.rules.indexes.searching import Search, search, ways
from dbsbm.optimizer.rules.indexes.uses import Use, shapes_within, sides
from dbsbm.optimizer.rules.statements.rewriting import parse, spelled, statement
from dbsbm.optimizer.rules.statements.seen import WASTE, Seen, big_table, expensive, is_heavy
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Table
from dbsbm.optimizer.statements.shape import Predicate, Shape

NAME = "statement.or_across_columns"

_DIFFERS = {"!=", "not in", "not like", "is not null", "regexp"}


def examine(case: Case) -> list[Finding]:
    """Report each OR that makes the server read a table whole."""
    estimator = Estimator(case)
    findings = []
    for seen in expensive(case):
        for shape in shapes_within(seen.shape) if seen.wastes else ():
            if not _is_across(shape, case) or not _is_narrow(seen, shape, case, estimator):
                continue
            if best_for(case, estimator, seen.load, seen.shape):
                continue  # another condition is enough, once it has an index
            findings.append(_finding(seen, shape, case, estimator))
            break
    return findings


def _is_across(shape: Shape, case: Case) -> bool:
    columns = {
        (each.column.source, each.column.column) for side in shape.alternatives for each in side
    }
    is_big = any(
        big_table(case, each.column) is not None for side in shape.alternatives for each in side
    )
    is_searched = all(any(map(_may_be_searched, side)) for side in shape.alternatives)
    return len(columns) > 1 and is_big and is_searched


def _may_be_searched(predicate: Predicate) -> bool:
    """Tell whether an index could find what meets it: not two columns of a row, or what differs."""
    same_row = predicate.other is not None and predicate.other.source == predicate.column.source
    return predicate.op not in _DIFFERS and not predicate.wrapped and not same_row


def _is_narrow(seen: Seen, shape: Shape, case: Case, estimator: Estimator) -> bool:
    """Tell whether all sides together match a small part of what is read."""
    if not seen.shape.aggregates and seen.shape.limit is None:
        return True  # what is given says so
    matched = sum(
        use.table.rows * estimator.matching(use, use.reachable(frozenset(_others(shape, use))))
        for use in sides(shape, case)
    )
    return matched * WASTE <= seen.read


def _others(shape: Shape, use: Use) -> list[str]:
    return [each.name for each in shape.sources if each.name != use.name]


def _finding(seen: Seen, shape: Shape, case: Case, estimator: Estimator) -> Finding:
    compared = [each.column for side in shape.alternatives for each in side]
    table = case.snapshot.tables[compared[0].schema, compared[0].table]
    columns = tuple(dict.fromkeys(each.column for each in compared))
    tables = listed(list(dict.fromkeys(each.table for each in compared)))
    new = _new_indexes(shape, case, estimator)
    return Finding(
        rule=NAME,
        object=statement_object(columns_name(table, columns), seen.load),
        severity="warning" if is_heavy(case, seen.load) else "info",
        cause=(
            f"OR over {listed(columns)} of {tables} cannot be searched by one index: "
            f"{spoken(seen.read)} rows are read a run for {spoken(seen.given)}."
        ),
        evidence={
            **statement_evidence(seen.load),
            "sides": [" AND ".join(each.sql for each in side) for side in shape.alternatives],
            "table_rows": table.rows,
        },
        fix=(*(ddl.alter(where, ddl.add(index)) for where, index in new), _union(seen)),
        revert=tuple(ddl.alter(where, ddl.drop(index)) for where, index in new),
        expected_gain=(
            f"reads about {counted(max(seen.given, 1), 'row')} a run "
            f"in place of {spoken(seen.read)}"
        ),
        confidence=0.85,
        risk="low",
    )


def _new_indexes(shape: Shape, case: Case, estimator: Estimator) -> list[tuple[Table, Index]]:
    """An index for each side that has none, but for those that `index.missing` asks for."""
    new: dict[tuple[str, tuple[str, ...]], tuple[Table, Index]] = {}
    for use in sides(shape, case):
        if any(found.equal or found.bounded for found in _searches(use)):
            continue
        best = _narrowest(use, estimator)
        if best.columns:
            columns = best.ordered((), estimator.rank(use.table))
            if is_wanted(case, use.table, columns):
                continue
            index = Index(ddl.new_name(use.table, columns), ddl.parts_of(use.table, columns))
            new.setdefault((use.table.name, columns), (use.table, index))
    return list(new.values())


def _searches(use: Use) -> list[Search]:
    return [search(way, use, use.given) for way in ways(use.table)]


def _narrowest(use: Use, estimator: Estimator) -> Candidate:
    own = use.given | {column for column, _ in use.ranges}
    options = [each for each in candidates(use, estimator) if each.columns & own]
    known = frozenset(each for each in use.given if is_indexable(use.table, each))
    # Few rows are given: each side is narrow, even if its columns have few values.
    plain = Candidate(use.table, (known,) if known else ())
    return min(options, key=lambda each: len(each.columns), default=plain)


def _union(seen: Seen) -> str:
    """The statement as one search a side; a row that both find is given once."""
    tree = parse(seen.load.text)
    found = tree.find(exp.Or) if tree is not None else None
    if not isinstance(tree, exp.Select) or found is None:
        return "Ask once for each side of the OR, and put the answers together."
    texts = []
    for side in found.flatten():
        one = tree.copy()
        place = one.find(exp.Or)
        if place is not None:
            whole = place.parent if isinstance(place.parent, exp.Paren) else place
            whole.replace(side.copy())
        for clause in ("order", "limit", "offset"):
            one.set(clause, None)
        texts.append(statement(one))
    last = [spelled(tree.args[each]).strip() for each in ("order", "limit") if tree.args.get(each)]
    return " ".join([" UNION ".join(texts), *last])
