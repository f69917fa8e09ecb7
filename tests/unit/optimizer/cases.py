"""Cases for rules about a server, made up from SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.case import Access, Case, Content, Plan
from dbsbm.optimizer.server.model import (
    Column,
    ForeignKey,
    Index,
    IndexUse,
    Load,
    Part,
    Server,
    Snapshot,
    Table,
)
from dbsbm.optimizer.statements.reader import read_shape

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SCHEMA = "shop"

_CALLS = 1000
_TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}


class Answers:
    """Answers to a rule's questions that a test gave before.

    Args:
        plans: The plan of each statement, by its text or by its digest.
        distinct: Different values of columns, by `table.a,b`.
        contents: What samples look like, by `table.column`.
        nulls: Shares of rows without a value, by `table.column`.
    """

    def __init__(
        self,
        plans: Mapping[str, Plan] | None = None,
        distinct: Mapping[str, int] | None = None,
        contents: Mapping[str, Content] | None = None,
        nulls: Mapping[str, float] | None = None,
    ) -> None:
        self._plans = plans or {}
        self._distinct = distinct or {}
        self._contents = contents or {}
        self._nulls = nulls or {}

    def plan(self, load: Load) -> Plan | Missing:
        found = self._plans.get(load.digest) or self._plans.get(load.text)
        return found or Missing("The test gave no plan.")

    def as_select(self, load: Load) -> str | None:
        return None

    def distinct(self, table: Table, columns: Sequence[str]) -> int | Missing:
        found = self._distinct.get(f"{table.name}.{','.join(columns)}")
        return Missing("The test gave no number.") if found is None else found

    def content(self, table: Table, column: str) -> Content | Missing:
        found = self._contents.get(f"{table.name}.{column}")
        return Missing("The test gave no sample.") if found is None else found

    def nulls(self, table: Table, column: str) -> float | Missing:
        found = self._nulls.get(f"{table.name}.{column}")
        return Missing("The test gave no share.") if found is None else found


def case(
    tables: str = "",
    load: Iterable[tuple[str, Mapping[str, Any]]] | Missing = (),
    *,
    rows: Mapping[str, int] | int = 100_000,
    index_use: Mapping[str, IndexUse] | Missing | None = None,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    plans: Mapping[str, Plan] | None = None,
    distinct: Mapping[str, int] | None = None,
    contents: Mapping[str, Content] | None = None,
    nulls: Mapping[str, float] | None = None,
    server: Mapping[str, Any] | None = None,
) -> Case:
    """Make up a case; what is not named is there and empty.

    Args:
        tables: CREATE TABLE statements; a table without a schema is of `shop`.
        load: Texts of statements and the fields of their Load, of which `calls` is 1,000 and
            `seconds` a millisecond a call where they are not named.
        rows: Rows of each table by name, or of all; tables not named have none.
        index_use: By `table.index` of `shop`; what is not named was read and written 1,000 times.
        changes: Fields of a Table to set, by its name, such as `next_number`.
        plans: Answers to `ask.plan`, by text or digest.
        distinct: Answers to `ask.distinct`, by `table.a,b`.
        contents: Answers to `ask.content`, by `table.column`.
        nulls: Answers to `ask.nulls`, by `table.column`.
        server: Fields of Server to set.
    """
    schema = {(t.schema, t.name): t for t in _tables(tables, rows, changes or {})}
    loads = load if isinstance(load, Missing) else tuple(_load(*each) for each in load)
    snapshot = Snapshot(
        Server(
            **{
                "flavor": "mariadb",
                "version": (10, 11, 6),
                "uptime": timedelta(days=30),
                **(server or {}),
            }
        ),
        schema,
        loads,
        index_use if isinstance(index_use, Missing) else _uses(schema.values(), index_use or {}),
    )
    shapes = {}
    for each in () if isinstance(loads, Missing) else loads:
        shape = read_shape(each.sample or each.text, each.schema, schema)
        if shape is not None:
            shapes[each.digest] = shape
    return Case(snapshot, shapes, Answers(plans, distinct, contents, nulls))


def digest(text: str) -> str:
    """The digest that `case` gives to a statement."""
    return sha256(text.encode()).hexdigest()


def scan(source: str, rows: float = 100_000, **fields: Any) -> Plan:
    """A plan that reads one whole table."""
    return Plan((Access(source, "ALL", rows=rows),), **fields)


def lookup(source: str, key: str, *parts: str, rows: float = 10, **fields: Any) -> Plan:
    """A plan that reads one table by an index."""
    access = Access(source, "ref", key=key, key_parts=parts, rows=rows, possible_keys=(key,))
    return Plan((access,), **fields)


def _load(text: str, fields: Mapping[str, Any]) -> Load:
    calls = fields.get("calls", _CALLS)
    return Load(
        **{
            "digest": digest(text),
            "schema": SCHEMA,
            "text": text,
            "calls": calls,
            "seconds": calls / 1000,
            "first_seen": NOW - timedelta(days=7),
            "last_seen": NOW,
            **fields,
        }
    )


def _uses(
    tables: Iterable[Table], given: Mapping[str, IndexUse]
) -> dict[tuple[str, str, str], IndexUse]:
    return {
        (table.schema, table.name, index.name): given.get(
            f"{table.name}.{index.name}", IndexUse(1000, 1000)
        )
        for table in tables
        for index in table.indexes
    }


def _tables(
    ddl: str, rows: Mapping[str, int] | int, changes: Mapping[str, Mapping[str, Any]]
) -> Iterable[Table]:
    for statement in sqlglot.parse(ddl, read="mysql"):
        if statement is None:
            continue
        assert isinstance(statement, exp.Create), f"no CREATE TABLE: {statement.sql()}"
        table = _table(statement)
        count = rows if isinstance(rows, int) else rows.get(table.name, 0)
        sized = replace(table, rows=count, bytes=count * 100, index_bytes=count * 20)
        yield replace(sized, **changes.get(table.name, {}))


def _table(create: exp.Create) -> Table:
    name = create.this.this
    options = {type(each): each.this.name for each in create.find_all(exp.Property)}
    charset = options.get(exp.CharacterSetProperty, "utf8mb4").lower()
    collation = options.get(exp.CollateProperty, f"{charset}_general_ci").lower()
    columns: dict[str, Column] = {}
    indexes: list[Index] = []
    foreign: list[ForeignKey] = []
    for part in create.this.expressions:
        if isinstance(part, exp.ColumnDef):
            columns[part.name] = _column(part, charset, collation)
            indexes.extend(_own_index(part))
        else:
            _constraint(part, name.db or SCHEMA, indexes, foreign)
    indexes.sort(key=lambda index: (not index.primary, not index.unique))
    return Table(
        name.db or SCHEMA,
        name.name,
        options.get(exp.EngineProperty, "InnoDB"),
        columns,
        tuple(indexes),
        tuple(foreign),
        collation,
    )


def _column(definition: exp.ColumnDef, charset: str, collation: str) -> Column:
    kind = definition.args["kind"]
    spelled = kind.sql("mysql").lower().replace(", ", ",")
    base = spelled.split("(")[0].split(" ")[0]
    kinds = {type(each.kind): each.kind for each in definition.constraints}
    if exp.CharacterSetColumnConstraint in kinds:
        charset = kinds[exp.CharacterSetColumnConstraint].this.name.lower()
        collation = f"{charset}_general_ci"
    if exp.CollateColumnConstraint in kinds:
        collation = kinds[exp.CollateColumnConstraint].this.name.lower()
        charset = collation.split("_")[0]
    is_text = base in _TEXTS
    length = kind.expressions[0].name if kind.expressions else ""
    not_null = kinds.get(exp.NotNullColumnConstraint)
    return Column(
        definition.name,
        spelled,
        base,
        nullable=not (
            exp.PrimaryKeyColumnConstraint in kinds
            or (not_null is not None and not not_null.args.get("allow_null"))
        ),
        length=int(length) if length.isdigit() and (is_text or "bin" in base) else None,
        charset=charset if is_text else None,
        collation=collation if is_text else None,
        auto_increment=exp.AutoIncrementColumnConstraint in kinds,
        is_generated=exp.ComputedColumnConstraint in kinds,
    )


def _own_index(definition: exp.ColumnDef) -> Iterable[Index]:
    for each in definition.constraints:
        if isinstance(each.kind, exp.PrimaryKeyColumnConstraint):
            yield Index("PRIMARY", (Part(definition.name),), unique=True)
        if isinstance(each.kind, exp.UniqueColumnConstraint):
            yield Index(definition.name, (Part(definition.name),), unique=True)


def _constraint(
    part: exp.Expr, schema: str, indexes: list[Index], foreign: list[ForeignKey]
) -> None:
    name = ""
    if isinstance(part, exp.Constraint):
        name, part = part.name, part.expressions[0]
    if isinstance(part, exp.PrimaryKey):
        indexes.append(Index("PRIMARY", _parts(part.expressions), unique=True))
    elif isinstance(part, exp.UniqueColumnConstraint):
        parts = _parts(part.this.expressions)
        indexes.append(Index(part.this.name or name or _first(parts), parts, unique=True))
    elif isinstance(part, exp.IndexColumnConstraint):
        parts = _parts(part.expressions)
        kind = str(part.args.get("kind") or "BTREE").upper()
        indexes.append(Index(part.name or _first(parts), parts, kind=kind))
    elif isinstance(part, exp.ForeignKey):
        columns = tuple(each.name for each in part.expressions)
        target = part.args["reference"].this
        foreign.append(
            ForeignKey(
                name or f"fk_{'_'.join(columns)}",
                columns,
                target.this.db or schema,
                target.this.name,
                tuple(each.name for each in target.expressions),
            )
        )
    else:
        pytest.fail(f"The case builder does not know {part.sql('mysql')}.")


def _first(parts: tuple[Part, ...]) -> str:
    return parts[0].column or "functional_index"


def _parts(nodes: Iterable[exp.Expr]) -> tuple[Part, ...]:
    return tuple(_part(each) for each in nodes)


def _part(node: exp.Expr) -> Part:
    descending = bool(isinstance(node, exp.Ordered) and node.args.get("desc"))
    node = node.this if isinstance(node, exp.Ordered) else node
    if isinstance(node, exp.ColumnPrefix):
        return Part(node.this.name, int(node.expression.name), descending)
    if isinstance(node, (exp.Column, exp.Identifier)):
        return Part(node.name, None, descending)
    if isinstance(node, exp.Anonymous) and len(node.expressions) == 1:
        return Part(node.name, int(node.expressions[0].name), descending)
    return Part(None, None, descending)
