"""What a query depends on: the tables it reads, and the rows of each that can matter to it.

Rows of a table that a condition excludes cannot change the answer. So a table whose scope columns
are held to known values by conditions that all must be met depends on the tags of these values
alone, and else on every row of the table.

Which conditions count, for each occurrence of a table (Galindo-Legaria and Rosenthal, "Outerjoin
Simplification and Reordering for Query Optimization", ACM TODS 22(1), 1997: such a condition
rejects NULL):

- those of WHERE and of inner joins' ON count for every table: a row of the result that has another
  value in the column, or NULL because an outer join found nothing, is not in the result;
- those of a LEFT JOIN's ON count for the table that is joined, and for it alone;
- those of other outer joins' ON, under OR, under NOT, or of HAVING count for none.

An equality of two columns carries a constant from one to the other under the same rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, Integer, Table, Uuid
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope as SqlScope
from sqlglot.optimizer.scope import traverse_scope

from dbsbm.querycache.sql.parsing import ParsedQuery
from dbsbm.querycache.sql.trees import Literal, Operand, conjuncts

MOST_VALUES: Final = 20
"""Values of an IN list that are told apart; a longer list counts as every row."""


@dataclass(frozen=True, slots=True)
class TableRead:
    """One occurrence of a table.

    Attributes:
        name: The table's name as it stands in the text.
        schema: The schema's, or empty.
        pins: Columns, by their names in lower case, that are held to one of some values.
    """

    name: str
    schema: str = ""
    pins: Mapping[str, tuple[Operand, ...]] = field(default_factory=dict)


def table_reads(query: ParsedQuery, tables: Mapping[str, Table]) -> list[TableRead]:
    """Return every occurrence of a table in a query.

    Args:
        query: The query.
        tables: What is known of tables, by their names in lower case.
    """
    pinned: dict[int, Mapping[str, tuple[Operand, ...]]] = {}
    subqueries: set[int] = set()
    for block in _blocks(query, tables):
        subqueries |= block.subqueries
        for source in block.sources.values():
            pinned[id(source.node)] = block.pins(source)
    return [
        TableRead(node.name, node.db, pinned.get(id(node), {}))
        for node in query.tree.find_all(exp.Table)
        if id(node) not in subqueries
    ]


def _blocks(query: ParsedQuery, tables: Mapping[str, Table]) -> Iterator[_Block]:
    """Yield each SELECT of a query, outer ones first."""
    try:
        scopes = traverse_scope(query.tree)
    except SqlglotError:
        return
    blocks: dict[int, _Block] = {}
    for scope in reversed(scopes):
        block = _Block(query, scope, tables, blocks.get(id(scope.parent)))
        blocks[id(scope)] = block
        yield block


@dataclass(frozen=True, slots=True)
class _Source:
    """A table in a FROM clause, under the name that it has there."""

    alias: str
    node: exp.Table
    table: Table | None


_Ref = tuple[str, str]
"""A column: the alias of its table, and its name, in lower case."""


class _Block:
    """One SELECT: its tables, and what its conditions hold their columns to.

    Attributes:
        sources: Its tables by alias; subqueries and common table expressions are none.
        subqueries: The ids of nodes that look like tables and are common table expressions.
    """

    def __init__(
        self,
        query: ParsedQuery,
        scope: SqlScope,
        tables: Mapping[str, Table],
        outer: _Block | None,
    ) -> None:
        self._query, self._outer = query, outer
        self.sources: dict[str, _Source] = {}
        self.subqueries: set[int] = set()
        self._derived: set[str] = set()
        for alias, (node, source) in scope.selected_sources.items():
            if isinstance(source, exp.Table):
                known = tables.get(source.name.lower())
                self.sources[alias.lower()] = _Source(alias.lower(), source, known)
            else:
                self._derived.add(alias.lower())
                self.subqueries.add(id(node))
        self._held: dict[_Ref, tuple[Operand, ...]] = {}
        self._equal: list[tuple[_Ref, _Ref]] = []
        if isinstance(scope.expression, exp.Select):
            self._learn(scope.expression)

    def pins(self, source: _Source) -> Mapping[str, tuple[Operand, ...]]:
        """Return what the columns of a table are held to."""
        return {name: held for (alias, name), held in self._held.items() if alias == source.alias}

    def held(self, ref: _Ref) -> tuple[Operand, ...] | None:
        """Return what a column is held to, here or in the query around."""
        if self._outer is not None and self._is_foreign(ref[0]):
            return self._outer.held(ref)
        return self._held.get(ref)

    def source(self, alias: str) -> _Source | None:
        """Return the table of an alias, here or in the query around."""
        if self._outer is not None and self._is_foreign(alias):
            return self._outer.source(alias)
        return self.sources.get(alias)

    def _is_foreign(self, alias: str) -> bool:
        return alias not in self.sources and alias not in self._derived

    def _learn(self, select: exp.Select) -> None:
        where = select.args.get("where")
        self._learn_all(where.this if where else None, None)
        for join in select.args.get("joins") or ():
            side = (join.side or "").upper()
            plain = not join.method and (join.kind or "").upper() not in {"SEMI", "ANTI"}
            if plain and side in {"", "LEFT"}:
                self._learn_all(join.args.get("on"), join.alias_or_name.lower() if side else None)
        self._carry()

    def _learn_all(self, condition: exp.Expr | None, only: str | None) -> None:
        for part in conjuncts(condition):
            if isinstance(part, exp.EQ):
                self._learn_equality(part, only)
            elif isinstance(part, exp.In) and len(part.expressions) <= MOST_VALUES:
                self._hold(part.this, part.expressions, only)

    def _learn_equality(self, part: exp.EQ, only: str | None) -> None:
        left, right = part.this, part.expression
        if isinstance(left, exp.Column) and isinstance(right, exp.Column):
            a, b = self._ref(left), self._ref(right)
            if a is not None and b is not None and self._carries(a, b):
                self._equal += [pair for pair in ((a, b), (b, a)) if only in {None, pair[1][0]}]
            return
        self._hold(left, [right], only)
        self._hold(right, [left], only)

    def _hold(self, column: exp.Expr, values: Sequence[exp.Expr], only: str | None) -> None:
        ref = self._ref(column) if isinstance(column, exp.Column) else None
        if ref is None or only not in {None, ref[0]}:
            return
        operands = tuple(operand for operand in map(self._operand, values) if operand is not None)
        if operands and len(operands) == len(values):
            self._held.setdefault(ref, operands)

    def _operand(self, node: exp.Expr) -> Operand | None:
        if isinstance(node, exp.Placeholder):
            return self._query.slot(node)
        if isinstance(node, exp.Literal):
            return (
                Literal(node.this if node.is_string else int(node.this)) if _whole(node) else None
            )
        return None

    def _ref(self, column: exp.Column) -> _Ref | None:
        """Return which table's column it is; None where that cannot be told."""
        name = column.name.lower()
        if column.table:
            return column.table.lower(), name
        sources = list(self.sources.values())
        if self._derived or any(source.table is None for source in sources):
            return None
        owners = [s for s in sources if s.table is not None and _column(s.table, name) is not None]
        return (owners[0].alias, name) if len(owners) == 1 else None

    def _carries(self, a: _Ref, b: _Ref) -> bool:
        """Tell whether `a = b` and `a = 7` make `b = 7`.

        So it is where the database compares both exactly. Two collations may call different texts
        equal, and a number compared as a binary float equals its neighbours.
        """
        first, second = self._type(a), self._type(b)
        return any(isinstance(first, kind) and isinstance(second, kind) for kind in (Integer, Uuid))

    def _type(self, ref: _Ref) -> object:
        source = self.source(ref[0])
        if source is None or source.table is None:
            return None
        column = _column(source.table, ref[1])
        return None if column is None else column.type

    def _carry(self) -> None:
        """Carry constants over equalities until nothing new is held."""
        growing = True
        while growing:
            growing = False
            for a, b in self._equal:
                held = self.held(a)
                if held is not None and b not in self._held and b[0] in self.sources:
                    self._held[b] = held
                    growing = True


def _column(table: Table, name: str) -> Column[Any] | None:
    """Return a column by its name in lower case."""
    found = [column for column in table.columns if column.name.lower() == name]
    return found[0] if len(found) == 1 else None


def _whole(literal: exp.Literal) -> bool:
    return literal.is_string or literal.this.isdecimal()
