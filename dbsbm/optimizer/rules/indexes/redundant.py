"""Which index can another one of the same table stand in for?

Evidence: the parts of both indexes, the foreign keys, and every statement that was seen.

Example: (customer_id) beside (customer_id, placed_at): all searches for a customer can use the
longer one, and each new order is written into both.

Silent where the shorter one keeps values unique, where a prefix length, an expression, a direction
or the kind differs, and where a statement, a hint or a foreign key is served worse without it. All
advice about dropping indexes can be taken together: each is judged with the others already taken.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.indexes.changes import Change, changes
from dbsbm.optimizer.rules.indexes.redundancy import Redundancy
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index

NAME = "index.redundant"


def examine(case: Case) -> list[Finding]:
    """Report each index that another one can stand in for."""
    return [
        _finding(change, change.about, case)
        for change in case.once(changes)
        if isinstance(change.about, Redundancy)
    ]


def _finding(change: Change, found: Redundancy, case: Case) -> Finding:
    table, index = found.table, found.index
    return Finding(
        rule=NAME,
        object=change.object,
        severity=change.severity,
        cause=_cause(found),
        evidence={
            "index": _spelled(index),
            "stands_in": found.kept.name,
            "stand_in": _spelled(found.kept),
            "reason": found.reason,
            "table_rows": table.rows,
            "index_bytes": index.bytes,
            "statements_were_read": bool(case.shapes),
        },
        fix=(change.fix,),
        revert=(change.revert,),
        expected_gain=_gain(index),
        confidence=0.95 if case.shapes else 0.8,
        risk="low",
    )


def _cause(found: Redundancy) -> str:
    kept = found.kept.name
    why = {
        "the same": f"has the same columns as {kept}",
        "a beginning": f"is the beginning of {kept}, which can be searched in its place",
        "the primary key at its end": (
            f"is {kept} with the primary key behind it, which InnoDB keeps there anyway"
        ),
    }[found.reason]
    return f"The index {found.index.name} of {found.table.name} {why}."


def _spelled(index: Index) -> str:
    return f"({', '.join(_part(each.column, each.prefix) for each in index.parts)})"


def _part(column: str | None, prefix: int | None) -> str:
    return f"{column or '<expression>'}{'' if prefix is None else f'({prefix})'}"


def _gain(index: Index) -> str:
    size = "" if index.bytes is None else f", and {index.bytes / 2**20:,.1f} MiB are free"
    return f"one index less to write for each changed row{size}"
