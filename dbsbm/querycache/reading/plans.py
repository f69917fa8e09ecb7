"""From the text of a query to the tags of one execution of it. The text is read once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Final

from sqlalchemy import Column, Dialect, MetaData, Table

from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.scopes import UNKNOWN, from_driver, scopes
from dbsbm.querycache.sql.dialects import grammar_of
from dbsbm.querycache.sql.markers import Parameters, Slot
from dbsbm.querycache.sql.parsing import parse_query
from dbsbm.querycache.sql.purity import refuse_impure
from dbsbm.querycache.sql.reads import MOST_VALUES, TableRead, table_reads
from dbsbm.querycache.sql.times import refuse_dated_times
from dbsbm.querycache.sql.trees import Operand
from dbsbm.querycache.tags import GLOBAL_TAG, ScopeValue, any_tag, scope_tag, table_tag

MOST_TAGS: Final = 100
"""Tags of one query; one that would have more depends on every row of its tables."""

_REMEMBERED: Final = 2_000


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """A table in a query, and the scopes that its rows are held to, narrowest first."""

    name: str
    table: Table | None
    pinned: tuple[tuple[tuple[Column[Any], tuple[Operand, ...]], ...], ...]

    def tags(self, parameters: Parameters, dialect: Dialect) -> Iterator[str]:
        """Yield the tags of the rows that can matter."""
        for pins in self.pinned:
            combinations = _combinations(pins, parameters, dialect)
            if self.table is not None and combinations is not None:
                for values in combinations:
                    yield scope_tag(self.table.name, values)
                return
        yield any_tag(self.name)


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What is to know of a query's text.

    Attributes:
        names: The tables it reads, in lower case, with their schema where one is written.
    """

    names: tuple[str, ...]
    occurrences: tuple[_Occurrence, ...]

    def tags(self, parameters: Parameters, dialect: Dialect) -> tuple[str, ...]:
        """Return what the answer depends on, given the values that the driver gets."""
        tags = [GLOBAL_TAG, *map(table_tag, self._tables())]
        for occurrence in self.occurrences:
            tags += occurrence.tags(parameters, dialect)
        unique = tuple(dict.fromkeys(tags))
        return unique if len(unique) <= MOST_TAGS else whole_table_tags(self._tables())

    def _tables(self) -> Iterator[str]:
        return (occurrence.name for occurrence in self.occurrences)


class Planner:
    """Reads the texts of queries, and remembers the latest.

    Args:
        metadata: Tables whose scopes are known.
        also_pure: Functions of the database whose results their arguments decide, in capitals.
        unwatched: Tables whose changes nobody tells of, in lower case.
    """

    def __init__(
        self, metadata: MetaData, also_pure: Collection[str] = (), unwatched: Collection[str] = ()
    ) -> None:
        self._metadata = metadata
        self._tables: Mapping[str, Table] = {}
        self._also_pure, self._unwatched = also_pure, unwatched
        self._remembered = lru_cache(_REMEMBERED)(self._plan)

    def plan(self, sql: str, dialect: Dialect) -> QueryPlan:
        """Return what is to know of a text.

        Raises:
            Refusal: The query must not be cached.
        """
        plan = self._remembered(sql, dialect.name)
        if isinstance(plan, Refusal):
            raise Refusal(plan.reason, plan.detail)
        return plan

    def _plan(self, sql: str, dialect: str) -> QueryPlan | Refusal:
        try:
            grammar = grammar_of(dialect)
            query = parse_query(sql, grammar)
            refuse_impure(query, grammar, self._also_pure)
            reads = table_reads(query, self.tables())
            refuse_dated_times(query, reads, self.tables(), grammar, self._also_pure)
            names = dict.fromkeys(_full_name(read) for read in reads)
            return QueryPlan(tuple(names), tuple(map(self._occurrence, reads)))
        except Refusal as refusal:
            # Not this one: its traceback holds all that was made of the text.
            return Refusal(refusal.reason, refusal.detail)

    def tables(self) -> Mapping[str, Table]:
        """Return the tables whose columns are known, by their names in lower case."""
        if len(self._tables) != len(self._metadata.tables):
            self._tables = {table.name.lower(): table for table in self._metadata.tables.values()}
        return self._tables

    def _occurrence(self, read: TableRead) -> _Occurrence:
        if read.name.lower() in self._unwatched:
            raise Refusal(Reason.SYSTEM_TABLE, f"nobody tells of changes of {read.name}")
        table = self.tables().get(read.name.lower())
        if table is None:
            return _Occurrence(read.name, None, ())
        if "TEMPORARY" in table._prefixes:  # noqa: SLF001 - SQLAlchemy tells of it nowhere else
            raise Refusal(Reason.SYSTEM_TABLE, f"{table.name} is temporary")
        columns = {column.name: column for column in table.columns}
        pinned = [
            tuple((columns[name], read.pins[name.lower()]) for name in scope)
            for scope in scopes(table)
            if all(name.lower() in read.pins for name in scope)
        ]
        return _Occurrence(read.name, table, tuple(sorted(pinned, key=_breadth)))


def whole_table_tags(tables: Iterable[str]) -> tuple[str, ...]:
    """Return what an answer depends on that any row of these tables may change."""
    tags = [tag for name in tables for tag in (table_tag(name), any_tag(name))]
    return tuple(dict.fromkeys([GLOBAL_TAG, *tags]))


def _full_name(read: TableRead) -> str:
    return f"{read.schema}.{read.name}".lower() if read.schema else read.name.lower()


def _breadth(pins: tuple[tuple[Column[Any], tuple[Operand, ...]], ...]) -> tuple[int, int]:
    """Sort scopes of more columns first, and then those of fewer values."""
    return -len(pins), prod(len(operands) for _column, operands in pins)


def _combinations(
    pins: tuple[tuple[Column[Any], tuple[Operand, ...]], ...],
    parameters: Parameters,
    dialect: Dialect,
) -> list[dict[str, ScopeValue]] | None:
    """Return every combination of the values of a scope; None where it cannot be pinned."""
    choices: list[list[ScopeValue]] = []
    for column, operands in pins:
        values = _values(column, operands, parameters, dialect)
        if values is None:
            return None
        choices.append(values)
    if prod(map(len, choices)) > MOST_VALUES:
        return None
    names = [column.name for column, _operands in pins]
    return [dict(zip(names, values, strict=True)) for values in product(*choices)]


def _values(
    column: Column[Any], operands: tuple[Operand, ...], parameters: Parameters, dialect: Dialect
) -> list[ScopeValue] | None:
    values: list[ScopeValue] = []
    for operand in operands:
        raw = operand.of(parameters) if isinstance(operand, Slot) else operand.value
        value = from_driver(column, dialect, raw)
        if value is UNKNOWN:
            return None
        if value is not None:  # nothing equals NULL
            values.append(value)
    return values
