"""What rules about statements look at alike: which statements, and which big tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbsbm.optimizer.rules.describe import rows_given
from dbsbm.optimizer.rules.indexes.reading import MIN_CALLS, rows_read
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Load, Table
from dbsbm.optimizer.statements.shape import ColumnRef, Predicate, Shape, Source

MIN_READ = 1_000
"""Rows a run that are read within milliseconds whatever they are read for."""
MIN_ROWS = 1_000
"""Rows of a table that may be read whole without anybody noticing."""
WASTE = 10.0
"""Rows that are read for one that is given, from which on most of them are read for nothing."""
HEAVY_SHARE = 0.001
"""Share of all rows that the server read below which a statement is a remark, not a warning."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A statement that reads a lot.

    Attributes:
        shape: The whole statement.
        read: Rows that a run reads.
    """

    load: Load
    shape: Shape
    read: float

    @property
    def given(self) -> float:
        """Rows that a run sends or changes."""
        return rows_given(self.load)

    @property
    def wastes(self) -> bool:
        """Most of what it reads is not what it gives, as far as that can be told."""
        return self.shape.aggregates or self.read >= WASTE * max(self.given, 1.0)

    def predicates(self) -> Iterator[tuple[Shape, Predicate]]:
        """Each condition, with the subquery that it is a part of."""
        for shape in shapes_within(self.shape):
            for predicate in shape.predicates:
                yield shape, predicate


def expensive(case: Case) -> Iterator[Seen]:
    """Statements that read many rows a run, and ran more than a few times."""
    for load in case.load:
        shape = case.shapes.get(load.digest)
        if shape is None or load.calls < MIN_CALLS:
            continue
        read = rows_read(case, load)
        if read >= MIN_READ:
            yield Seen(load, shape, read)


def table_of(case: Case, place: ColumnRef | Source) -> Table | None:
    """The table, None for one that the schema does not have."""
    return case.snapshot.tables.get((place.schema, place.table))


def big_table(case: Case, place: ColumnRef | Source) -> Table | None:
    """The table if it is too big to be read whole unnoticed."""
    table = table_of(case, place)
    return table if table is not None and table.rows >= MIN_ROWS else None


def column_of(case: Case, place: ColumnRef) -> Column | None:
    """The column, None for one that the schema does not have."""
    table = table_of(case, place)
    return None if table is None else table.columns.get(place.column)


def is_heavy(case: Case, load: Load) -> bool:
    """Tell whether the statement is a noticeable part of all that the server reads."""
    everything = sum(each.rows_examined for each in case.load)
    return load.calls * rows_read(case, load) >= HEAVY_SHARE * everything
