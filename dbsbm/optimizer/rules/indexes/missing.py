"""Which index does the load want that no table has?

Evidence: what each kind of statement asks for, the rows that it was seen to read and to give, and
how many different values columns have. The indexes of the whole load are chosen together: one for
several statements, or a longer one in place of one that exists.

Example: `SELECT id FROM orders WHERE customer_id = ? ORDER BY placed_at DESC LIMIT ?` reads 80,000
rows a run and gives 20; with (customer_id, placed_at) it would read 20.

Silent about tables of fewer than MIN_ROWS rows, statements that ran fewer than MIN_CALLS times or
read fewer than MIN_READ rows a run, columns that narrow less than MIN_GAIN times, and tables on
which more is written than an index would save. A statement that reads much in spite of the index
that it should use wants no other one: rules about statements tell why.
"""

from __future__ import annotations

from typing import Any

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import columns_name, counted, listed, spoken, statement_evidence
from dbsbm.optimizer.rules.indexes.changes import Change, changes
from dbsbm.optimizer.rules.indexes.demand import Served, Wanted
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index

NAME = "index.missing"

_MOST_STATEMENTS = 5


def examine(case: Case) -> list[Finding]:
    """Report each index that pays."""
    present(case.snapshot.load)
    return [
        _finding(change, change.about)
        for change in case.once(changes)
        if isinstance(change.about, Wanted)
    ]


def _finding(change: Change, wanted: Wanted) -> Finding:
    first = wanted.served[0]
    misordered = wrong_order(wanted)
    return Finding(
        rule=NAME,
        object=change.object,
        severity=change.severity,
        cause=_cause(wanted, change.dropped, misordered),
        evidence=_evidence(wanted, change.dropped, misordered),
        fix=(change.fix,),
        revert=(change.revert,),
        expected_gain=_gain(wanted, first),
        confidence=0.9 if first.before >= 10 * max(first.after, 1) else 0.7,
        risk="low",
    )


def wrong_order(wanted: Wanted) -> tuple[Index, ...]:
    """Indexes that have the columns, but not in an order that can be searched."""
    count = len(wanted.columns)
    return tuple(
        index
        for index in wanted.table.indexes
        if set(wanted.columns) <= set(index.columns) and index.columns[:count] != wanted.columns
    )


def _cause(wanted: Wanted, replaced: tuple[Index, ...], misordered: tuple[Index, ...]) -> str:
    first = wanted.served[0]
    name = columns_name(wanted.table, wanted.columns)
    if first.before == first.after:
        return (
            f"An index of {wanted.table.name} finds the rows, but each has to be fetched for "
            f"columns that it lacks; {name} would hold all that is read."
        )
    cause = f"No index serves what {_statements(wanted)} of {wanted.table.name}: {name} would."
    if misordered:
        names = listed([each.name for each in misordered])
        cause += f" {names} has these columns in an order that cannot be searched this way."
    elif replaced:
        names = listed([each.name for each in replaced])
        cause += f" It takes the place of {names}, which begins the same."
    return cause


def _statements(wanted: Wanted) -> str:
    count = len(wanted.served)
    return "a statement asks" if count == 1 else f"{count} statements ask"


def _evidence(
    wanted: Wanted, replaced: tuple[Index, ...], misordered: tuple[Index, ...]
) -> dict[str, Any]:
    return {
        **statement_evidence(wanted.served[0].load),
        "table_rows": wanted.table.rows,
        "rows_a_run": round(wanted.served[0].before, 1),
        "expected_rows_a_run": round(wanted.served[0].after, 1),
        "statements": [each.load.text for each in wanted.served[:_MOST_STATEMENTS]],
        "replaces": [each.name for each in replaced],
        "wrong_order": [each.name for each in misordered],
    }


def _gain(wanted: Wanted, first: Served) -> str:
    if first.before == first.after:
        return f"fetches none of the {spoken(first.before)} rows a run that the index finds"
    return f"reads {counted(first.after, 'row')} a run in place of {spoken(first.before)}"
