"""Foreign keys need an index on both of their sides, which no copy can tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbsbm.optimizer.applying.ddl import Alteration, index_columns
from dbsbm.optimizer.server.model import Table


def relied_on_by_key(tables: Iterable[Table], table: Table, change: Alteration) -> bool:
    """Tell whether a foreign key would have no index once a change is made.

    Source: MySQL 8.0 Reference Manual, 15.1.20.5 "FOREIGN KEY Constraints": the columns have to be
    the first of an index, in the same order.
    """
    if not change.drops:
        return False
    dropped = {name.lower() for name in change.drops}
    left = [index.columns for index in table.indexes if index.name.lower() not in dropped]
    left += [index_columns(index) for index in change.adds]
    return not all(
        any(columns[: len(wanted)] == wanted for columns in left)
        for wanted in _indexed(tables, table)
    )


def _indexed(tables: Iterable[Table], table: Table) -> Iterator[tuple[str, ...]]:
    """The columns of the table that a foreign key leads from or to."""
    for key in table.foreign_keys:
        yield key.columns
    for other in tables:
        for key in other.foreign_keys:
            if (key.other_schema, key.other_table) == (table.schema, table.name):
                yield key.other_columns
