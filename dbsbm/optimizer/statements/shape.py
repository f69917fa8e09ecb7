"""The parts of a statement that decide how a server can carry it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Operand(Enum):
    """What a column is compared with."""

    VALUE = "a value"
    NUMBER = "a number"
    TEXT = "a text"
    COLUMN = "a column"
    LIST = "a list of values"
    SUBQUERY = "a subquery"
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column of a table of the schema; aliases and defaults are resolved.

    Attributes:
        source: The name by which the statement calls this use of the table.
    """

    schema: str
    table: str
    column: str
    source: str


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on one column that every row of the result meets.

    Attributes:
        op: `=`, `<=>`, `in`, `<`, `<=`, `>`, `>=`, `between`, `like`, `is null`, `is not null`,
            `!=`, `not in`, `not like` or `regexp`.
        operand: What it is compared with; TEXT and NUMBER only where a literal is known.
        other: The other column of a join.
        wrapped: The function or arithmetic around the column, such as `date`; empty for none.
        leading_wildcard: A `like` whose pattern is known to begin with % or _.
        size: Values in a list, None if unknown.
        numbers: A list whose values are known to be numbers.
        collation: By which the statement says the other side is compared, empty if it does not.
    """

    column: ColumnRef
    op: str
    operand: Operand
    other: ColumnRef | None = None
    wrapped: str = ""
    leading_wildcard: bool = False
    size: int | None = None
    sql: str = ""
    numbers: bool = False
    collation: str = ""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A column by which the result is sorted."""

    column: ColumnRef
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A use of a table."""

    schema: str
    table: str
    name: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One SELECT, UPDATE or DELETE; each subquery has a shape of its own.

    Attributes:
        verb: select, update, delete, insert, replace or other.
        alternatives: OR conditions: the predicates of each side, where every side is a condition
            on columns.
        order: What it is sorted by, empty if by nothing or by what is not a column; see
            `random_order` and `sorts_expression`.
        limit: Rows at most, None for no LIMIT, -1 for an unknown number.
        offset: Rows skipped, None for no OFFSET, -1 for an unknown number.
        counts_all: All rows are read to count them, whatever the LIMIT: SQL_CALC_FOUND_ROWS.
        stars: Sources of which all columns are selected.
        selected: Columns that are selected by name.
        extremes: Columns of which the least or the greatest is all that is asked for.
        read: Every column that is named anywhere.
        summed: Columns of which a SUM is asked for.
        correlated: As a subquery, it names a column of the statement around it.
        place: Where a subquery stands: `exists`, `in`, `scalar`, `from`, `union`; empty for the
            whole statement.
    """

    verb: str
    sources: tuple[Source, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    alternatives: tuple[tuple[Predicate, ...], ...] = ()
    order: tuple[Sorted, ...] = ()
    group: tuple[ColumnRef, ...] = ()
    random_order: bool = False
    sorts_expression: bool = False
    aggregates: bool = False
    distinct: bool = False
    limit: int | None = None
    offset: int | None = None
    counts_all: bool = False
    stars: tuple[Source, ...] = ()
    selected: tuple[ColumnRef, ...] = ()
    extremes: frozenset[ColumnRef] = frozenset()
    read: frozenset[ColumnRef] = frozenset()
    summed: frozenset[ColumnRef] = frozenset()
    written: tuple[ColumnRef, ...] = ()
    correlated: bool = False
    place: str = ""
    subqueries: tuple[Shape, ...] = field(default=())
