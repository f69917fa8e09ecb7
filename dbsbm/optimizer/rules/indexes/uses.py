"""What statements ask of each table: which columns are given, joined, compared and sorted by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.statements.shape import ColumnRef, Operand, Predicate, Shape, Sorted, Source

_EQUALITIES = {"=", "<=>", "in", "is null"}
_RANGES = {"<", "<=", ">", ">=", "between"}
_KNOWN = {Operand.VALUE, Operand.NUMBER, Operand.TEXT}
_LOWER, _UPPER = {">", ">="}, {"<", "<="}


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a table by a statement, as far as an index can serve it.

    Attributes:
        name: By which the statement calls this use of the table.
        given: Columns equal to something that is known before the table is read.
        lists: Those of them that are compared with several values, so that no order is kept.
        nulls: Those of them that are asked for where they have no value.
        joined: Columns equal to a column of another table of the statement, with that one's name.
        ranges: Columns that are compared with bounds; True where both ends are bounded.
        maybe_ranges: Columns of which only the server knows whether an index narrows them: a
            pattern that is not known, or a column within a function.
        order: What the result is sorted by, where an index of this table could give that order.
        extreme: Only the first and the last row in that order are asked for.
        groups: What rows are grouped by, in that order.
        read: Columns that the statement names, None where it asks for all.
        others: Further conditions on the table, which no index narrows.
        searched: Every column by which an index could begin to be of use.
    """

    table: Table
    name: str
    given: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    nulls: frozenset[str] = frozenset()
    joined: tuple[tuple[str, str], ...] = ()
    ranges: tuple[tuple[str, bool], ...] = ()
    maybe_ranges: frozenset[str] = frozenset()
    order: tuple[Sorted, ...] = ()
    extreme: bool = False
    groups: tuple[str, ...] = ()
    read: frozenset[str] | None = None
    others: int = 0
    searched: frozenset[str] = frozenset()

    def reachable(self, placed: frozenset[str]) -> frozenset[str]:
        """The columns that are known once the tables of these names have been read."""
        return self.given | {column for column, other in self.joined if other in placed}

    @property
    def ways_in(self) -> frozenset[frozenset[str]]:
        """The sets of columns that may be known when the table is read, by the order of joins."""
        others = {other for _, other in self.joined}
        each = [self.reachable(frozenset((other,))) for other in others]
        return frozenset((self.given, *each, self.reachable(frozenset(others))))


def uses(shape: Shape, case: Case) -> list[Use]:
    """Each table of one SELECT, UPDATE or DELETE, without those of its subqueries."""
    tables = case.snapshot.tables
    return [
        _use(shape, source, tables[source.schema, source.table])
        for source in shape.sources
        if (source.schema, source.table) in tables
    ]


def sides(shape: Shape, case: Case) -> Iterator[Use]:
    """Each side of an OR, as if it were a statement of its own."""
    for side in shape.alternatives:
        alone = Shape(
            shape.verb,
            sources=shape.sources,
            predicates=(*shape.predicates, *side),
            read=shape.read,
        )
        names = {predicate.column.source for predicate in side}
        yield from (use for use in uses(alone, case) if use.name in names)


def shapes_within(shape: Shape) -> Iterator[Shape]:
    """The shape and, at any depth, its subqueries."""
    yield shape
    for inner in shape.subqueries:
        yield from shapes_within(inner)


def all_uses(case: Case) -> Iterator[tuple[Load, Use]]:
    """Every use of a table by a statement that was seen, with sides of an OR and subqueries."""
    for load in case.load:
        whole = case.shapes.get(load.digest)
        for shape in shapes_within(whole) if whole else ():
            for use in (*uses(shape, case), *sides(shape, case)):
                yield load, use


def _use(shape: Shape, source: Source, table: Table) -> Use:
    own = [each for each in shape.predicates if each.column.source == source.name]
    names = {each.name for each in shape.sources}
    equal = [each for each in own if _is_equality(each) and not _is_asked_anew(each, shape)]
    joined = [each for each in equal if _joins(each, names)]
    given = [each for each in equal if not _joins(each, names)]
    ranges = [each for each in own if _is_range(each)]
    patterns = [each for each in own if _is_pattern(each)]
    counted = len(given) + len(joined) + len(ranges) + len(patterns)
    others = len(own) - counted + bool(shape.alternatives)
    extreme = () if others or joined or ranges or patterns else _extreme(shape, source)
    return Use(
        table,
        source.name,
        given=frozenset(each.column.column for each in given),
        lists=frozenset(each.column.column for each in given if each.op == "in"),
        nulls=frozenset(each.column.column for each in given if each.op == "is null"),
        joined=tuple((each.column.column, each.other.source) for each in joined if each.other),
        ranges=(*_bounded(ranges), *((each.column.column, False) for each in patterns)),
        maybe_ranges=frozenset(each.column.column for each in own if _may_narrow(each)),
        order=_order(shape, source) or extreme,
        extreme=bool(extreme),
        groups=tuple(each.column for each in shape.group if each.source == source.name),
        read=_read(shape, source),
        others=others,
        searched=frozenset(each.column.column for each in own)
        | {each.column.column for each in (*shape.order, *extreme)},
    )


def _is_equality(predicate: Predicate) -> bool:
    is_known = predicate.operand is not Operand.OTHER or predicate.other is not None
    same_row = predicate.other is not None and predicate.other.source == predicate.column.source
    return predicate.op in _EQUALITIES and not predicate.wrapped and is_known and not same_row


def _is_asked_anew(predicate: Predicate, shape: Shape) -> bool:
    """Tell whether the value is that of a subquery that needs the row to be read first."""
    return predicate.operand is Operand.SUBQUERY and any(
        inner.correlated and inner.place in {"scalar", "in"} for inner in shape.subqueries
    )


def _is_range(predicate: Predicate) -> bool:
    """Tell whether it has bounds that are known before the table is read."""
    is_known = predicate.operand in _KNOWN or predicate.op == "between"
    return (
        predicate.op in _RANGES and is_known and predicate.other is None and not predicate.wrapped
    )


def _joins(predicate: Predicate, names: set[str]) -> bool:
    return predicate.other is not None and predicate.other.source in names


def _is_pattern(predicate: Predicate) -> bool:
    """Tell whether it is a LIKE whose pattern is known to begin with a character."""
    known = predicate.operand is Operand.TEXT and not predicate.leading_wildcard
    return predicate.op == "like" and known and not predicate.wrapped


def _may_narrow(predicate: Predicate) -> bool:
    unknown_pattern = predicate.op == "like" and predicate.operand is not Operand.TEXT
    return bool(predicate.wrapped) or unknown_pattern


def _bounded(ranges: list[Predicate]) -> Iterator[tuple[str, bool]]:
    for column in dict.fromkeys(each.column.column for each in ranges):
        ops = {each.op for each in ranges if each.column.column == column}
        yield column, "between" in ops or bool(ops & _LOWER and ops & _UPPER)


def _order(shape: Shape, source: Source) -> tuple[Sorted, ...]:
    if shape.group or any(each.column.source != source.name for each in shape.order):
        return ()
    return shape.order


def _extreme(shape: Shape, source: Source) -> tuple[Sorted, ...]:
    """The column of which the least or the greatest is asked for: an index has it at its end."""
    alone = len(shape.sources) == 1 and len(shape.extremes) == 1 and not shape.subqueries
    return tuple(Sorted(each) for each in shape.extremes if alone and each.source == source.name)


def _read(shape: Shape, source: Source) -> frozenset[str] | None:
    if any(each.name == source.name for each in shape.stars) or shape.verb != "select":
        return None
    return frozenset(_names_of(shape.read, source))


def _names_of(columns: frozenset[ColumnRef], source: Source) -> Iterator[str]:
    return (each.column for each in columns if each.source == source.name)
