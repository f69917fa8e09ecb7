"""Which column of which table a name in a statement means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.statements.shape import ColumnRef, Source

Tables = Mapping[tuple[str, str], Table]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a name after FROM stands for.

    Attributes:
        source: The use of a table, None for a subquery.
        table: As the schema has it, None for a subquery and for what the schema does not know.
        columns: Of a subquery, as far as they have names.
    """

    source: Source | None
    table: Table | None = None
    columns: frozenset[str] = frozenset()


@dataclass(slots=True)
class Scope:
    """The names that one SELECT, UPDATE or DELETE can use.

    Attributes:
        bounds: By name in lower case, in the order of the text.
        outer: The scope around a subquery.
        outer_columns: Columns of scopes around it that were named, found while reading.
        own_columns: Columns of its own that were named, also by subqueries.
    """

    bounds: dict[str, Bound] = field(default_factory=dict)
    outer: Scope | None = None
    outer_columns: set[ColumnRef] = field(default_factory=set)
    own_columns: set[ColumnRef] = field(default_factory=set)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Uses of tables, in the order of the text."""
        return tuple(bound.source for bound in self.bounds.values() if bound.source is not None)

    def find(self, column: exp.Column) -> ColumnRef | None:
        """The table's column that is meant; None if it is none, or in doubt."""
        found = self._find_here(column)
        if isinstance(found, ColumnRef):
            self.own_columns.add(found)
            return found
        if found is not None or self.outer is None:
            return None
        outside = self.outer.find(column)
        if outside is not None:
            self.outer_columns.add(outside)
        return outside

    def owns(self, column: ColumnRef) -> bool:
        """Tell whether the column is of a table of this scope, not of one around it."""
        return column in self.own_columns

    def _find_here(self, column: exp.Column) -> ColumnRef | Bound | None:
        """The column, or what hides it, or None where it is unknown here."""
        qualifier = column.table.lower()
        if qualifier:
            bound = self.bounds.get(qualifier)
            return None if bound is None else _column_of(bound, column.name) or bound
        found = [
            each
            for bound in self.bounds.values()
            if (each := _column_of(bound, column.name)) is not None
        ]
        if len(found) == 1:
            return found[0]
        # The same column twice is in doubt, as after NATURAL JOIN: neither is taken.
        return next(iter(self.bounds.values())) if found else None


def _column_of(bound: Bound, name: str) -> ColumnRef | Bound | None:
    if bound.source is None:
        return bound if name.lower() in bound.columns else None
    if bound.table is None:
        return None
    spelled = column_name(bound.table, name)
    if spelled is None:
        return None
    return ColumnRef(bound.source.schema, bound.source.table, spelled, bound.source.name)


def column_name(table: Table, name: str) -> str | None:
    """The column's name as the schema spells it: MySQL ignores the case of columns' names."""
    if name in table.columns:
        return name
    lowered = name.lower()
    return next((each for each in table.columns if each.lower() == lowered), None)


def find_table(tables: Tables, schema: str, name: str) -> tuple[str, str]:
    """The table's key as the schema spells it, or as it was asked for if it is not known."""
    if (schema, name) in tables:
        return schema, name
    lowered = (schema.lower(), name.lower())
    return next((key for key in tables if (key[0].lower(), key[1].lower()) == lowered), lowered)


def own_nodes(node: exp.Expr) -> Iterator[exp.Expr]:
    """The node and what is below it, without the insides of subqueries (which are yielded)."""
    return node.walk(prune=lambda each: is_query(each) and each is not node)


def is_query(node: exp.Expr) -> bool:
    """Tell whether a node is a query, and no joined tables in parentheses."""
    if not isinstance(node, exp.Query):
        return False
    inner: exp.Expr = node
    while isinstance(inner, exp.Subquery):
        inner = inner.this
    return not isinstance(inner, exp.Table)
