"""Reads what a statement asks for from its text, with the schema at hand."""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbsbm.optimizer.statements.conditions import Conditions
from dbsbm.optimizer.statements.scope import (
    Bound,
    Scope,
    Tables,
    column_name,
    find_table,
    is_query,
    own_nodes,
)
from dbsbm.optimizer.statements.shape import ColumnRef, Shape, Sorted, Source
from dbsbm.optimizer.statements.spelling import parsable, verb_of

_OUTER_JOINS = {"LEFT", "RIGHT", "FULL"}


def read_shape(text: str, schema: str, tables: Tables) -> Shape | None:
    """Read a statement.

    Args:
        text: The statement, with its literals or with a `?` for each, as digests of the
            performance schema, the slow log and the monitor spell it.
        schema: The default database in which it ran.
        tables: The schema by which names are resolved.

    Returns:
        Its shape; None if its text is cut off, cannot be parsed, or uses no table of the schema.
    """
    verb = verb_of(text)
    written = parsable(text) if verb else None
    if written is None:
        return None
    try:
        statement = sqlglot.parse_one(written, read="mysql")
    except (SqlglotError, RecursionError):
        return None
    if not isinstance(statement, (exp.Query, exp.DML)):
        return None
    shape = _Reader(schema, tables).statement(statement, "replace" if verb == "replace" else "")
    known = any((each.schema, each.table) in tables for each in _all_sources(shape))
    return shape if known else None


def _all_sources(shape: Shape) -> Iterator[Source]:
    yield from shape.sources
    for inner in shape.subqueries:
        yield from _all_sources(inner)


class _Reader:
    """Reads one statement."""

    def __init__(self, schema: str, tables: Tables) -> None:
        self._schema = schema
        self._tables = tables
        self._named: dict[str, frozenset[str]] = {}  # common table expressions and their columns

    def statement(self, node: exp.Expr, verb: str = "") -> Shape:
        if isinstance(node, exp.Query):
            return self._query(node, None, "")
        if isinstance(node, exp.Insert):
            return self._insert(node, verb or "insert")
        return self._change(node)

    def _query(self, node: exp.Expr, outer: Scope | None, place: str) -> Shape:
        named = dict(self._named)
        common = list(self._common(node, outer))
        while isinstance(node, exp.Subquery):
            node = node.this
            common.extend(self._common(node, outer))
        if isinstance(node, exp.SetOperation):
            shape = self._union(node, outer, place, common)
        elif isinstance(node, exp.Select):
            shape = self._select(node, outer, place, common)
        else:
            shape = Shape("other", place=place)
        self._named = named
        return shape

    def _common(self, node: exp.Expr, outer: Scope | None) -> Iterator[Shape]:
        """WITH: subqueries that are named before they are used."""
        clause = node.args.get("with_")
        for each in clause.expressions if clause else ():
            self._named[each.alias.lower()] = _names(each)
            yield self._query(each.this, outer, "from")

    def _union(
        self, node: exp.SetOperation, outer: Scope | None, place: str, common: list[Shape]
    ) -> Shape:
        sides = [self._query(each, outer, "union") for each in (node.left, node.right)]
        limit, offset = _limits(node)
        return Shape(
            "select",
            distinct=bool(node.args.get("distinct")),
            sorts_expression=node.args.get("order") is not None,
            limit=limit,
            offset=offset,
            correlated=any(each.correlated for each in sides),
            place=place,
            subqueries=(*common, *sides),
        )

    def _select(
        self, node: exp.Select, outer: Scope | None, place: str, common: list[Shape]
    ) -> Shape:
        scope = self._scope(node, outer)
        conditions = _conditions(node, scope)
        subqueries = [*common, *self._subqueries(node, scope)]
        aliases = {each.alias.lower(): each.this for each in node.selects if each.alias}
        order = _Order(node, scope, aliases, node.selects)
        limit, offset = _limits(node)
        group = node.args.get("group")
        return Shape(
            "select",
            sources=scope.sources,
            predicates=tuple(conditions.predicates),
            alternatives=conditions.alternatives,
            order=order.columns,
            group=tuple(_group(group, scope, aliases)),
            random_order=order.random,
            sorts_expression=order.by_expression,
            aggregates=group is not None or any(_aggregates(each) for each in node.selects),
            distinct=node.args.get("distinct") is not None,
            limit=limit,
            offset=offset,
            counts_all=_counts_all(node),
            stars=tuple(_stars(node, scope)),
            selected=tuple(_selected(node, scope)),
            extremes=_extremes(node, scope),
            read=_read(node, scope),
            summed=frozenset(_summed(node, scope)),
            correlated=bool(scope.outer_columns),
            place=place,
            subqueries=tuple(subqueries),
        )

    def _change(self, node: exp.Expr) -> Shape:
        common = list(self._common(node, None))
        scope = self._scope(node, None)
        conditions = _conditions(node, scope)
        subqueries = (*common, *self._subqueries(node, scope))
        order = _Order(node, scope, {}, ())
        is_update = isinstance(node, exp.Update)
        written = [scope.find(each.this) for each in node.expressions] if is_update else []
        return Shape(
            "update" if is_update else "delete",
            sources=scope.sources,
            predicates=tuple(conditions.predicates),
            alternatives=conditions.alternatives,
            order=order.columns,
            random_order=order.random,
            sorts_expression=order.by_expression,
            limit=_limits(node)[0],
            read=_read(node, scope),
            written=tuple(column for column in written if column is not None),
            subqueries=subqueries,
        )

    def _insert(self, node: exp.Insert, verb: str) -> Shape:
        scope = Scope()
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        if isinstance(target, exp.Table):
            self._bind(scope, target)
        names = node.this.expressions if isinstance(node.this, exp.Schema) else ()
        source, bound = scope.sources[:1], next(iter(scope.bounds.values()), None)
        written = []
        for each in names if bound is not None else ():
            column = scope.find(exp.column(each.name))
            if column is not None:
                written.append(column)
        common = list(self._common(node, None))
        inner = node.expression
        asked = (self._query(inner, None, "from"),) if isinstance(inner, exp.Query) else ()
        return Shape(verb, sources=source, written=tuple(written), subqueries=(*common, *asked))

    def _scope(self, node: exp.Expr, outer: Scope | None) -> Scope:
        scope = Scope(outer=outer)
        for each in _from(node):
            self._bind(scope, each)
        return scope

    def _bind(self, scope: Scope, node: exp.Expr) -> None:
        name = node.alias_or_name
        if not isinstance(node, exp.Table):
            scope.bounds[name.lower()] = Bound(None, columns=_names(node))
        elif not node.db and node.name.lower() in self._named:
            scope.bounds[name.lower()] = Bound(None, columns=self._named[node.name.lower()])
        else:
            key = find_table(self._tables, node.db or self._schema, node.name)
            scope.bounds[name.lower()] = Bound(Source(*key, name), self._tables.get(key))

    def _subqueries(self, node: exp.Expr, scope: Scope) -> Iterator[Shape]:
        """Every subquery right below. A common one is not: it has been read before."""
        tables = {id(each) for each in _from(node)}
        for each in own_nodes(node):
            if each is node or not is_query(each) or isinstance(each.parent, exp.CTE):
                continue
            if id(each) in tables:
                # A derived table does not see the tables beside it, but what is around both.
                yield self._query(each, scope.outer, "from")
            else:
                yield self._query(each, scope, _place(each))


def _place(node: exp.Expr) -> str:
    parent = node.parent
    while isinstance(parent, (exp.Paren, exp.Subquery)):
        node, parent = parent, parent.parent
    if isinstance(parent, exp.Exists):
        return "exists"
    return "in" if isinstance(parent, (exp.In, exp.Any, exp.All)) else "scalar"


def _from(node: exp.Expr) -> Iterator[exp.Expr]:
    """Tables and derived tables, in the order of the text."""
    start = node.args.get("from_")
    plain = None if isinstance(node, exp.Select) else node.this
    first = plain if start is None else start.this
    if first is not None:
        yield from _with_joins(first)
    for join in node.args.get("joins") or ():
        yield from _with_joins(join.this)


def _with_joins(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, (exp.Paren, exp.Subquery)) and isinstance(node.this, exp.Table):
        yield from _with_joins(node.this)
    else:
        yield node
    for join in node.args.get("joins") or ():
        yield from _with_joins(join.this)


def _joins(node: exp.Expr) -> Iterator[exp.Join]:
    return (each for each in own_nodes(node) if isinstance(each, exp.Join))


def _conditions(node: exp.Expr, scope: Scope) -> Conditions:
    conditions = Conditions()
    where = node.args.get("where")
    if where is not None:
        conditions.add(where.this, scope)
    for join in _joins(node):
        _add_join(conditions, join, scope)
    return conditions


def _add_join(conditions: Conditions, join: exp.Join, scope: Scope) -> None:
    found = Conditions()
    on = join.args.get("on")
    if on is not None:
        found.add(on, scope)
    for column in join.args.get("using") or ():
        for condition in _using(column, join, scope):
            found.add(condition, scope)
    inner = _inner_name(join, scope)
    conditions.predicates.extend(
        each for each in found.predicates if inner is None or each.column.source.lower() == inner
    )
    if not conditions.alternatives:
        conditions.alternatives = found.alternatives


def _inner_name(join: exp.Join, scope: Scope) -> str | None:
    """The table that an outer join looks up, which alone its conditions narrow."""
    side = (join.side or "").upper()
    if side not in _OUTER_JOINS:
        return None
    names = list(scope.bounds)
    name: str = join.this.alias_or_name.lower()
    if side == "RIGHT" and name in names and names.index(name) > 0:
        return names[names.index(name) - 1]
    return name


def _using(column: exp.Expr, join: exp.Join, scope: Scope) -> Iterator[exp.Expr]:
    """`USING (a)` as the equality that it stands for."""
    name = join.this.alias_or_name
    names = list(scope.bounds)
    before = names[: names.index(name.lower())] if name.lower() in names else names
    for other in before:
        bound = scope.bounds[other]
        if bound.table is not None and column_name(bound.table, column.name) is not None:
            yield exp.EQ(
                this=exp.column(column.name, table=other),
                expression=exp.column(column.name, table=name),
            )
            return


class _Order:
    """What a statement is sorted by."""

    def __init__(
        self,
        node: exp.Expr,
        scope: Scope,
        aliases: dict[str, exp.Expr],
        selects: list[exp.Expr] | tuple[()],
    ) -> None:
        self.random = self.by_expression = False
        columns: list[Sorted] = []
        clause = node.args.get("order")
        for each in clause.expressions if clause else ():
            key = _meant(each.this.unnest(), scope, aliases, selects)
            column = scope.find(key) if isinstance(key, exp.Column) else None
            if column is not None:
                columns.append(Sorted(column, bool(each.args.get("desc"))))
            elif isinstance(key, exp.Rand):
                self.random = True
            elif not isinstance(key, exp.Null):
                self.by_expression = True
        mixed = self.random or self.by_expression
        self.columns = () if mixed else tuple(columns)


def _meant(
    key: exp.Expr,
    scope: Scope,
    aliases: dict[str, exp.Expr],
    selects: list[exp.Expr] | tuple[()],
) -> exp.Expr:
    """What a key of ORDER BY stands for: a selected expression by its alias or its number."""
    if isinstance(key, exp.Column) and not key.table and key.name.lower() in aliases:
        return aliases[key.name.lower()].unnest()
    if isinstance(key, exp.Literal) and not key.is_string and 0 < int(key.name) <= len(selects):
        return selects[int(key.name) - 1].unalias().unnest()
    return key


def _group(
    clause: exp.Expr | None, scope: Scope, aliases: dict[str, exp.Expr]
) -> Iterator[ColumnRef]:
    for each in clause.expressions if clause else ():
        key = each.unnest()
        column = scope.find(key) if isinstance(key, exp.Column) else None
        if column is None and isinstance(key, exp.Column):
            meant = aliases.get(key.name.lower())
            column = scope.find(meant) if isinstance(meant, exp.Column) else None
        if column is not None:
            yield column


def _aggregates(selected: exp.Expr) -> bool:
    return any(
        isinstance(each, exp.AggFunc) and not isinstance(each.parent, exp.Window)
        for each in own_nodes(selected)
    )


def _counts_all(node: exp.Select) -> bool:
    modifiers = node.args.get("operation_modifiers") or ()
    return any(each.name.upper() == "SQL_CALC_FOUND_ROWS" for each in modifiers)


def _stars(node: exp.Select, scope: Scope) -> Iterator[Source]:
    for each in node.selects:
        if isinstance(each, exp.Star):
            yield from scope.sources
        elif isinstance(each, exp.Column) and isinstance(each.this, exp.Star):
            bound = scope.bounds.get(each.table.lower())
            if bound is not None and bound.source is not None:
                yield bound.source


def _selected(node: exp.Select, scope: Scope) -> Iterator[ColumnRef]:
    for each in node.selects:
        plain = each.unalias()
        column = scope.find(plain) if isinstance(plain, exp.Column) else None
        if column is not None:
            yield column


def _summed(node: exp.Select, scope: Scope) -> Iterator[ColumnRef]:
    for each in own_nodes(node):
        plain = each.this.unnest() if isinstance(each, exp.Sum) else None
        column = scope.find(plain) if isinstance(plain, exp.Column) else None
        if column is not None and scope.owns(column):
            yield column


def _extremes(node: exp.Select, scope: Scope) -> frozenset[ColumnRef]:
    """The columns of MIN and MAX, where nothing but those is selected, of all rows together."""
    functions = [each.unalias() for each in node.selects]
    if node.args.get("group") or not all(isinstance(each, exp.Min | exp.Max) for each in functions):
        return frozenset()
    plain = [each.this for each in functions if isinstance(each.this, exp.Column)]
    found = [column for each in plain if (column := scope.find(each)) is not None]
    return frozenset(found) if len(found) == len(functions) else frozenset()


def _read(node: exp.Expr, scope: Scope) -> frozenset[ColumnRef]:
    for each in own_nodes(node):
        if isinstance(each, exp.Column) and not isinstance(each.this, exp.Star):
            scope.find(each)
    return frozenset(scope.own_columns)


def _limits(node: exp.Expr) -> tuple[int | None, int | None]:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    return _number(limit), _number(offset)


def _number(clause: exp.Expr | None) -> int | None:
    if clause is None:
        return None
    value = clause.expression
    return int(value.name) if isinstance(value, exp.Literal) and value.is_int else -1


def _names(node: exp.Expr) -> frozenset[str]:
    """The columns of a derived table or of a common table expression."""
    given = node.args.get("alias")
    if given is not None and given.columns:
        return frozenset(each.name.lower() for each in given.columns)
    query = node.this
    while isinstance(query, (exp.Subquery, exp.SetOperation)):
        query = query.this
    names = getattr(query, "named_selects", ())
    return frozenset(name.lower() for name in names if name)
