"""What applying a finding means for the table as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dbsbm.errors import UserError
from dbsbm.optimizer.applying.ddl import Alteration, NewIndex
from dbsbm.optimizer.applying.layout import Key, columns_of, hide_clause, keys_of, names
from dbsbm.optimizer.server.model import Flavor
from dbsbm.optimizer.server.quoting import quoted

ONLINE = "ALGORITHM=INPLACE, LOCK=NONE"
"""A server that cannot do it without stopping writes refuses, and nothing has happened."""
_LONGEST_NAME = 64


class NoLongerTrueError(UserError):
    """The table has changed since the analysis, so that there is nothing left to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A finding's change, in the one or two statements that it takes.

    An index is never dropped at once: it is hidden from the planner first, which is undone in a
    moment, and dropped when no statement has missed it.

    Attributes:
        change: All that will have been changed in the end.
        first: The statement to begin with.
        last: The statement that ends it after it was watched, None where the first is all.
    """

    change: Alteration
    first: str
    last: str | None


def make_plan(change: Alteration, layout: str, flavor: Flavor) -> Plan:
    """Fit a change to the table as it is.

    Args:
        change: What the finding asks for.
        layout: What SHOW CREATE TABLE prints now.
        flavor: Of the server.

    Raises:
        NoLongerTrueError: An index to make is there already, or one to drop is not there.
    """
    keys = keys_of(layout)
    change = replace(
        change,
        adds=_named(change.adds, keys),
        drops=_spelled(change, change.drops, keys),
        hides=_spelled(change, change.hides, keys),
        shows=_spelled(change, change.shows, keys),
    )
    hidden = {key.name.lower() for key in keys if key.hidden}
    first = [
        *(f"ADD {index.definition}" for index in change.adds),
        *change.others,
        *(
            hide_clause(flavor, name, hidden=True)
            for name in (*change.drops, *change.hides)
            if name.lower() not in hidden
        ),
        *(hide_clause(flavor, name, hidden=False) for name in change.shows),
    ]
    last = drop_statement(change, change.drops) if change.drops else None
    if not first:  # it was hidden before, and nothing has missed it since
        return Plan(change, last or "", None)
    return Plan(change, alter(change, first), last)


def drop_statement(change: Alteration, drops: Sequence[str]) -> str:
    """The statement that drops what was hidden."""
    return alter(change, [f"DROP INDEX {quoted(name)}" for name in drops])


def alter(change: Alteration, clauses: Sequence[str]) -> str:
    """One online statement that changes the table."""
    return f"ALTER TABLE {change.full_name} {', '.join(clauses)}, {ONLINE}"


def _spelled(change: Alteration, wanted: Sequence[str], keys: Sequence[Key]) -> tuple[str, ...]:
    """The names of indexes in the table's own spelling, by which they are found again."""
    own = {key.name.lower(): key.name for key in keys}
    for name in wanted:
        if name.lower() not in own:
            raise NoLongerTrueError(f"{change.full_name} has no index {name} any more.")
    return tuple(own[name.lower()] for name in wanted)


def _named(adds: Sequence[NewIndex], keys: Sequence[Key]) -> tuple[NewIndex, ...]:
    taken = names(keys)
    named = []
    for index in adds:
        _check_new(index, keys)
        name = _free_name(index.name, taken)
        taken.add(name.lower())
        named.append(replace(index, name=name))
    return tuple(named)


def _check_new(index: NewIndex, keys: Sequence[Key]) -> None:
    for key in keys:
        serves = key.kind == index.kind or (key.kind == "UNIQUE" and not index.kind)
        if serves and not key.hidden and key.columns == columns_of(index.rest):
            raise NoLongerTrueError(
                f"The index {key.name} already has these columns: there is nothing left to do."
            )


def _free_name(name: str, taken: set[str]) -> str:
    free, number = name[:_LONGEST_NAME], 2
    while free.lower() in taken:
        suffix = f"_{number}"
        free, number = name[: _LONGEST_NAME - len(suffix)] + suffix, number + 1
    return free
