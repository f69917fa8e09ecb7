"""Rows that a statement reads, with those that servers read and do not count."""

from __future__ import annotations

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules import describe
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.searching import ways
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load
from dbsbm.optimizer.statements.shape import Shape

MIN_CALLS = 3
"""Runs from which on a statement is more than somebody's question of once."""
_SCANS = {"ALL", "index"}


def rows_read(case: Case, load: Load) -> float:
    """Rows that a run reads.

    MariaDB does not count rows that it reads into a join buffer, so that a join that scans a table
    for a handful of rows seems to read that handful. Where runs used no index for some table of
    several, its plan tells what was scanned.
    """
    return max(describe.rows_read(load), case.once(_scanned).get(load.digest, 0.0))


def _scanned(case: Case) -> dict[str, float]:
    estimator = Estimator(case)
    found: dict[str, float] = {}
    for load in case.load:
        shape = case.shapes.get(load.digest)
        if shape is not None and _may_hide(load, shape):
            found[load.digest] = _rows(case, estimator, load, shape)
    return found


def _may_hide(load: Load, shape: Shape) -> bool:
    tables = sum(len(each.sources) for each in shapes_within(shape))
    is_search = shape.verb in {"select", "update", "delete"}
    return is_search and tables > 1 and load.calls >= MIN_CALLS and load.unindexed * 2 >= load.calls


def _rows(case: Case, estimator: Estimator, load: Load, shape: Shape) -> float:
    plan = case.ask.plan(load) if case.ask is not None else Missing("Nobody to ask.")
    if isinstance(plan, Missing):
        return estimator.statement(load, shape, ways).rows
    return sum(access.rows for access in plan.accesses if access.type in _SCANS)
