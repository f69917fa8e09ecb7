"""Inserts, updates and deletes, taken apart: tables, and which rows by which values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp

from dbsbm.querycache.sql.markers import Slot
from dbsbm.querycache.sql.trees import Operand, conjuncts, operand, parsed


@dataclass(frozen=True, slots=True)
class Change:
    """A write to one table whose rows may be told.

    Attributes:
        verb: `insert`, `update` or `delete`.
        table: The table's name as it is written.
        rows: For an insert: what each row's columns get; None for an expression.
        sets: For an update: what columns get; None for an expression.
        pins: For the others: columns that the condition holds to one of some values.
        target: For the others: the table as the statement names it, with its alias.
        condition: For the others: their condition, a marker for each parameter, where a locking
            read under it finds exactly the rows that are written; else None. It may be empty.
        slots: The parameters of the markers.
        returning: The statement answers with rows.
    """

    verb: str
    table: str
    rows: tuple[Mapping[str, Operand | None], ...] = ()
    sets: Mapping[str, Operand | None] = field(default_factory=dict)
    pins: Mapping[str, tuple[Operand, ...]] = field(default_factory=dict)
    target: str = ""
    condition: str | None = None
    slots: tuple[Slot, ...] = ()
    returning: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What a text writes.

    Attributes:
        tables: The names of all tables; none where it only reads.
        removes: Rows may be deleted from these.
        change: The rows of the only table, where they may be told.
    """

    tables: tuple[str, ...]
    removes: bool = False
    change: Change | None = None


_HEAD: Final = re.compile(
    r"(REPLACE|INSERT|UPDATE|DELETE)\b"
    r"((?:\s+(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|QUICK|IGNORE"
    r"|OR\s+(?:ROLLBACK|ABORT|FAIL|IGNORE|REPLACE)))*)(?:\s+INTO\b)?",
    re.IGNORECASE,
)
# What SQLite also calls an integer key.
_ROWIDS: Final = frozenset({"rowid", "oid", "_rowid_"})
_PLAIN_HEADS: Final = {"INSERT": "INSERT INTO", "REPLACE": "INSERT INTO"}

# What means the same in a locking read as in the write itself: no clock, no chance, and no other
# table, whose rows the two would read in different states.
_ASKABLE: Final = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Neg,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.NullSafeEQ,
    exp.In, exp.Between, exp.Like, exp.Tuple,
    exp.Add, exp.Sub, exp.Mul, exp.Coalesce, exp.Lower, exp.Upper,
    exp.Column, exp.Identifier, exp.Placeholder, exp.Null, exp.Boolean, exp.Literal,
)  # fmt: skip


def changes(sql: str, slots: Sequence[Slot], dialect: str) -> Changes | None:
    """Return what a statement writes, or None if it is not understood.

    Args:
        sql: Text from its first word on, with markers for its parameters.
        slots: The parameters of the markers.
        dialect: `mysql` or `sqlite`.
    """
    text, modifiers = _without_modifiers(sql)
    replaces = "REPLACE" in modifiers
    # MySQL then stores what fits instead of what is given.
    bends = dialect == "mysql" and "IGNORE" in modifiers
    tree = parsed(text, dialect)
    if isinstance(tree, exp.Insert):
        return _inserted(tree, slots, replaces=replaces, bends=bends)
    if isinstance(tree, exp.Update):
        return _updated(tree, slots, dialect, replaces=replaces, bends=bends)
    if isinstance(tree, exp.Delete):
        return _deleted(tree, slots, dialect)
    if isinstance(tree, exp.Query) and tree.find(exp.Insert, exp.Update, exp.Delete) is None:
        return Changes(())
    return None


def _without_modifiers(sql: str) -> tuple[str, frozenset[str]]:
    """Say the first words in the one way that the parser knows, and return all of them."""
    match = _HEAD.match(sql)
    if match is None:
        return sql, frozenset()
    word = match[1].upper()
    modifiers = frozenset([word, *match[2].upper().split()])
    return f"{_PLAIN_HEADS.get(word, word)}{sql[match.end() :]}", modifiers


def _inserted(
    tree: exp.Insert, slots: Sequence[Slot], *, replaces: bool, bends: bool
) -> Changes | None:
    schema = tree.this
    target = schema.this if isinstance(schema, exp.Schema) else schema
    if not isinstance(target, exp.Table):
        return None
    tables = (target.name,)
    conflict = tree.args.get("conflict")
    upserts = conflict is not None and "NOTHING" not in str(conflict.args.get("action")).upper()
    rows = _rows(tree, slots)
    if replaces or bends or upserts or rows is None or tree.args.get("with_"):
        return Changes(tables, removes=replaces)
    returning = tree.args.get("returning") is not None
    return Changes(tables, change=Change("insert", target.name, rows, returning=returning))


def _rows(
    tree: exp.Insert, slots: Sequence[Slot]
) -> tuple[Mapping[str, Operand | None], ...] | None:
    if tree.args.get("default"):
        return ({},)
    schema, values = tree.this, tree.expression
    if not isinstance(schema, exp.Schema) or not isinstance(values, exp.Values):
        return None
    columns = [column.name.lower() for column in schema.expressions]
    rows = []
    for row in values.expressions:
        cells = row.expressions if isinstance(row, exp.Tuple) else [row.this]
        if len(cells) != len(columns):
            return None
        rows.append(dict(zip(columns, (operand(cell, slots) for cell in cells), strict=True)))
    return tuple(rows)


def _updated(
    tree: exp.Update, slots: Sequence[Slot], dialect: str, *, replaces: bool, bends: bool
) -> Changes | None:
    target = tree.this
    if not isinstance(target, exp.Table):
        return None
    assignments = [item for item in tree.expressions if isinstance(item, exp.EQ)]
    columns = [item.this for item in assignments if isinstance(item.this, exp.Column)]
    several = bool(target.args.get("joins"))
    tables = _assigned(target, columns) if several else (target.name,)
    moves = any(column.name.lower() in _ROWIDS for column in columns)
    is_plain = len(columns) == len(tree.expressions) and not (several or replaces or bends or moves)
    if not is_plain or tree.args.get("from_") or tree.args.get("with_"):
        return Changes(tables, removes=replaces)
    sets = {
        column.name.lower(): operand(item.expression, slots)
        for column, item in zip(columns, assignments, strict=True)
    }
    return Changes(tables, change=_conditional("update", tree, slots, dialect, sets))


def _deleted(tree: exp.Delete, slots: Sequence[Slot], dialect: str) -> Changes | None:
    target = tree.this
    if not isinstance(target, exp.Table):
        return None
    named, using = tree.args.get("tables") or [], tree.args.get("using") or []
    if named or using or target.args.get("joins"):
        names = _names([target, *using])
        chosen = named or _flat(target)
        return Changes(tuple(names.get(t.name, t.name) for t in chosen), removes=True)
    if tree.args.get("with_"):
        return Changes((target.name,), removes=True)
    return Changes(
        (target.name,), removes=True, change=_conditional("delete", tree, slots, dialect, {})
    )


def _conditional(
    verb: str,
    tree: exp.Update | exp.Delete,
    slots: Sequence[Slot],
    dialect: str,
    sets: Mapping[str, Operand | None],
) -> Change:
    where = tree.args.get("where")
    return Change(
        verb,
        tree.this.name,
        sets=sets,
        pins=dict(_pins(where.this, slots)) if where else {},
        target=tree.this.sql(dialect=dialect),
        condition=_condition(tree, dialect),
        slots=tuple(slots),
        returning=tree.args.get("returning") is not None,
    )


def _pins(where: exp.Expr, slots: Sequence[Slot]) -> Iterator[tuple[str, tuple[Operand, ...]]]:
    for part in conjuncts(where):
        if isinstance(part, exp.EQ):
            for column, other in ((part.this, part.expression), (part.expression, part.this)):
                value = operand(other, slots)
                if isinstance(column, exp.Column) and value is not None:
                    yield column.name.lower(), (value,)
        elif isinstance(part, exp.In) and isinstance(part.this, exp.Column):
            values = [operand(item, slots) for item in part.expressions]
            if values and None not in values:
                yield part.this.name.lower(), tuple(value for value in values if value)


def _condition(tree: exp.Update | exp.Delete, dialect: str) -> str | None:
    where = tree.args.get("where")
    if tree.args.get("limit") or tree.args.get("order") or (where and not _is_askable(where.this)):
        return None
    return str(where.this.sql(dialect=dialect)) if where else ""


def _is_askable(where: exp.Expr) -> bool:
    return all(
        isinstance(node, _ASKABLE)
        and not (isinstance(node, exp.In) and node.args.get("query"))
        and not (isinstance(node, exp.Literal) and node.is_string and operand(node, ()) is None)
        for node in where.walk()
    )


def _flat(table: exp.Table) -> list[exp.Table]:
    """A table and those joined to it."""
    return [table, *(t for join in table.args.get("joins") or () for t in join.find_all(exp.Table))]


def _names(tables: Sequence[exp.Expr]) -> dict[str, str]:
    """What each alias, or table without one, is a name of."""
    found = [table for each in tables for table in each.find_all(exp.Table)]
    # Subqueries may use an alias again, but only outer tables are written.
    found.sort(key=lambda table: table.find_ancestor(exp.Select) is None)
    return {table.alias_or_name: table.name for table in found}


def _assigned(target: exp.Table, columns: Sequence[exp.Column]) -> tuple[str, ...]:
    """The tables that a multi-table update sets columns of; all where it does not say."""
    names = _names([target])
    chosen = [names.get(column.table) for column in columns]
    if not chosen or None in chosen:
        return tuple(dict.fromkeys(names.values()))
    return tuple(dict.fromkeys(name for name in chosen if name))
