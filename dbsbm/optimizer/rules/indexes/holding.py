"""Which columns an index would have to hold besides, so that no row need be fetched for them."""

from __future__ import annotations

from collections.abc import Iterable

from dbsbm.optimizer.rules.indexes.uses import Use, uses
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column
from dbsbm.optimizer.statements.shape import Shape

MOST_ADDED = 2
NARROW = 32
"""Bytes or characters of a column that may be repeated in an index."""
MODEST = 128
"""The same, where fetching rows for it costs as much as the index spares."""
_WIDE = {"text", "blob", "json", "geometry"}


def lacking_columns(case: Case, shape: Shape, columns: Iterable[str]) -> tuple[str, ...]:
    """What an index on columns lacks of all that a SELECT on one table reads.

    Columns that statements change are not repeated: each change would be made twice.

    Returns:
        The columns; none where they are too many or too wide, or where it lacks none.
    """
    use = only_use(shape, case)
    if use is None:
        return ()
    found = lacking(use, columns, widest=MODEST)
    changed = case.once(_changed)
    here = (use.table.schema, use.table.name)
    return () if any((*here, each) in changed for each in found) else found


def only_use(shape: Shape, case: Case) -> Use | None:
    """The use of a SELECT on one table that names its columns."""
    if shape.verb != "select" or len(shape.sources) != 1 or shape.subqueries or shape.limit:
        return None
    found = uses(shape, case)
    return found[0] if found and found[0].read and not shape.alternatives else None


def lacking(use: Use, columns: Iterable[str], *, widest: int = NARROW) -> tuple[str, ...]:
    """The columns that lack for the index to hold all that is read; none if that is too much."""
    key = use.table.primary_key
    held = {*columns, *(key.columns if key else ())}
    found = [each for each in use.table.columns if each in (use.read or frozenset()) - held]
    grouped = [each for each in use.groups if each in found]
    narrow = all(_is_narrow(use.table.columns[each], widest) for each in found)
    fits = narrow and len(found) <= MOST_ADDED
    return tuple(dict.fromkeys((*grouped, *found))) if fits else ()


def _is_narrow(column: Column, widest: int) -> bool:
    is_wide = any(column.base.endswith(kind) for kind in _WIDE)
    return not is_wide and (column.length or 0) <= widest and not column.is_generated


def _changed(case: Case) -> frozenset[tuple[str, str, str]]:
    """Columns that some statement changes in rows that are there."""
    return frozenset(
        (column.schema, column.table, column.column)
        for shape in case.shapes.values()
        if shape.verb == "update"
        for column in shape.written
    )
