"""A correlated subquery as a join or as a list: carried out once, not for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from sqlglot import exp

from dbsbm.optimizer.rules.statements.rewriting import parse, statement

_Searching = TypeVar("_Searching", bound=exp.Select | exp.Update | exp.Delete)

_KEY, _VALUE = "joined_key", "joined_value"
"""Names that no column of the statement has, so that those without a table stay clear."""
_ADVICE = "Compute the subquery once for all rows, by GROUP BY or a window function, and join it."


def decorrelated(text: str) -> str:
    """The statement with its first correlated subquery joined; advice where that is not clear."""
    tree = parse(text)
    if isinstance(tree, (exp.Update, exp.Delete)):
        return _joined_change(tree.copy())
    if not isinstance(tree, exp.Select):
        return _ADVICE
    tree = tree.copy()
    for inner in tree.find_all(exp.Select):
        link = _link(inner) if inner is not tree else None
        if link is None:
            continue
        holder = inner.parent
        if isinstance(holder, exp.Exists):
            _list(holder, inner, link)
            return statement(tree)
        if isinstance(holder, exp.Subquery) and _join(tree, holder, inner, link):
            return statement(tree)
    return _ADVICE


def _joined_change(tree: exp.Update | exp.Delete) -> str:
    """An UPDATE or DELETE joined with what its first IN looks up; advice where there is none."""
    target = tree.this
    if tree.args.get("limit") or tree.args.get("order"):
        return _ADVICE  # they are of one table only
    for each in tree.find_all(exp.In):
        query = each.args.get("query")
        inner = query.this if isinstance(query, exp.Subquery) else None
        if not isinstance(inner, exp.Select) or len(inner.expressions) != 1:
            continue
        if not isinstance(each.this, exp.Column) or not isinstance(target, exp.Table):
            continue
        if isinstance(each.parent, exp.Not) or each.find_ancestor(exp.Or) or _outer(inner):
            continue
        key = exp.column(each.this.name, table=target.alias_or_name)
        wanted = inner.copy()
        wanted.set("expressions", [exp.alias_(wanted.expressions[0].unalias(), _KEY)])
        on = exp.EQ(this=key, expression=exp.column(_KEY, table="d"))
        found = exp.Subquery(this=wanted.distinct(), alias=exp.to_identifier("d"))
        each.replace(exp.true())
        _tidy(tree)
        target.append("joins", exp.Join(this=found, on=on))
        if isinstance(tree, exp.Delete):
            tree.set("tables", [exp.to_table(target.alias_or_name)])
        return statement(tree)
    return _ADVICE


@dataclass(frozen=True, slots=True)
class _Link:
    """An equality of a column of the subquery with one of the statement around it."""

    equality: exp.EQ
    inside: exp.Column
    outside: exp.Column


def _link(inner: exp.Select) -> _Link | None:
    """The one equality of a column of the subquery with one of the statement around it."""
    where = inner.args.get("where")
    if where is None or inner.args.get("limit") or inner.args.get("group"):
        return None
    outer = _outer(inner, where)
    equality = outer[0].parent if len(outer) == 1 else None
    if not isinstance(equality, exp.EQ) or equality.find_ancestor(exp.Or, exp.Select) is not inner:
        return None
    sides = [equality.this, equality.expression]
    inside = sides[0] if sides[1] is outer[0] else sides[1]
    return _Link(equality, inside, outer[0]) if isinstance(inside, exp.Column) else None


def _outer(inner: exp.Select, part: exp.Expr | None = None) -> list[exp.Column]:
    """Columns of the statement around it that a subquery, or a part of it, names with a table."""
    own = {each.alias_or_name.lower() for each in inner.find_all(exp.Table)}
    named = (part or inner).find_all(exp.Column)
    return [each for each in named if each.table and each.table.lower() not in own]


def _list(holder: exp.Exists, inner: exp.Select, link: _Link) -> None:
    """Make `EXISTS (... WHERE inside = outside)` an `outside IN (SELECT inside ...)`."""
    key, other = link.inside.copy(), link.outside.copy()
    link.equality.replace(exp.true())
    inner.set("expressions", [key])
    holder.replace(exp.In(this=other, query=exp.Subquery(this=_tidy(inner.copy()))))


def _join(tree: exp.Select, holder: exp.Subquery, inner: exp.Select, link: _Link) -> bool:
    """Join what the subquery gives, grouped by the column that it is asked by."""
    value = inner.expressions[0].unalias() if len(inner.expressions) == 1 else None
    if value is None or value.find(exp.AggFunc) is None:
        return False
    key, other = link.inside.copy(), link.outside.copy()
    found = exp.column(_VALUE, table="d")
    counts = isinstance(value, exp.Count)
    link.equality.replace(exp.true())
    grouped = _tidy(inner.copy())
    grouped.set("expressions", [exp.alias_(key.copy(), _KEY), exp.alias_(value.copy(), _VALUE)])
    grouped = grouped.group_by(key)
    holder.replace(
        exp.Coalesce(this=found, expressions=[exp.Literal.number(0)]) if counts else found
    )
    on = exp.EQ(this=exp.column(_KEY, table="d"), expression=other)
    tree.join(exp.Subquery(this=grouped), on=on, join_type="left", join_alias="d", copy=False)
    return True


def _tidy(select: _Searching) -> _Searching:
    """Without the TRUE that stands where the equality was."""
    where = select.args["where"].this
    parts = list(where.flatten()) if isinstance(where, exp.And) else [where]
    kept = [each for each in parts if not isinstance(each, exp.Boolean)]
    select.set("where", exp.Where(this=exp.and_(*kept)) if kept else None)
    return select
