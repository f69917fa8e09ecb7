"""The statements that are replayed on the copies, and how they are made to read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlglot
from sqlglot.errors import SqlglotError

from dbsbm.optimizer.proof.shadow import Shadow
from dbsbm.optimizer.proof.values import DRAWS, Values
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.filling import fill
from dbsbm.optimizer.statements.harmless import is_harmless
from dbsbm.optimizer.statements.shape import Shape
from dbsbm.optimizer.statements.spelling import verb_of

MOST_STATEMENTS: Final = 50
"""Kinds of statements that are replayed, the most expensive first."""
# What would wait, write a file or take a lock does not belong into a replay.


@dataclass(frozen=True, slots=True)
class Variant:
    """One statement with values.

    Attributes:
        name: How the values were chosen; `seen` for those of a run.
        sql: For the copies. It is given to the server alone.
    """

    name: str
    sql: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A kind of statement to replay.

    Attributes:
        schema: The shadow schema in which it runs.
        variants: With different values; none where it cannot be replayed.
        reason: Why not.
    """

    load: Load
    schema: str
    variants: tuple[Variant, ...]
    reason: str = ""


def statements_on(case: Case, table: tuple[str, str]) -> list[tuple[Load, Shape]]:
    """The kinds of statements that use a table, the most expensive first."""
    loads = [load for load in case.load if load.digest in case.shapes]
    found = [
        (load, case.shapes[load.digest])
        for load in sorted(loads, key=lambda load: -load.seconds)
        if table in tables_of(case.shapes[load.digest])
    ]
    return found[:MOST_STATEMENTS]


def tables_of(shape: Shape) -> set[tuple[str, str]]:
    """Every table that a statement uses, also in subqueries."""
    own = {(source.schema, source.table) for source in shape.sources}
    return own.union(*(tables_of(each) for each in shape.subqueries))


def reads(load: Load, shape: Shape) -> bool:
    """Tell whether a statement looks for rows; an INSERT of values does not."""
    return shape.verb in {"select", "update", "delete"} or bool(shape.subqueries)


def prepare(case: Case, load: Load, shape: Shape, shadow: Shadow, values: Values) -> Replayed:
    """Make a statement read the copies, with values of several kinds."""
    schema = shadow.schemas.get(load.schema, next(iter(shadow.schemas.values())))
    if not tables_of(shape) <= shadow.tables:
        return Replayed(load, schema, (), "It uses a table that was not copied.")
    texts = list(_texts(case, load, values))
    variants = [
        Variant(name, sql)
        for name, text in texts
        if (sql := moved(text, shadow)) is not None and is_harmless(sql)
    ]
    if not variants:
        return Replayed(load, schema, (), "No values are known with which it could be run.")
    return Replayed(load, schema, tuple(variants))


def _texts(case: Case, load: Load, values: Values) -> Iterator[tuple[str, str]]:
    tables = case.snapshot.tables
    if load.sample is not None:
        is_read = verb_of(load.sample) in {"select", "with"}
        seen = load.sample if is_read else fill(load.sample, load.schema, tables, _no_value)
        if seen is not None:
            yield "seen", seen.rstrip().rstrip(";")
    known: set[str] = set()
    for draw in DRAWS:
        text = fill(load.text, load.schema, tables, values.drawing(draw))
        if text is not None and text not in known:
            known.add(text)
            yield draw.name, text


def _no_value(_key: tuple[str, str], _column: str, _wanted: str, _number: int) -> str:
    """A run has its values already."""
    return "NULL"


def moved(text: str, shadow: Shadow) -> str | None:
    """The text with the shadow schema where it names a schema; all else is as it was."""
    try:
        tokens = sqlglot.tokenize(text, read="mysql")
    except SqlglotError:
        return None
    schemas = {name.lower(): quoted(moved) for name, moved in shadow.schemas.items()}
    tables = {(schema.lower(), table.lower()) for schema, table in shadow.tables}
    names = ["", *(token.text.lower() for token in tokens), "", ""]
    pieces, end = [], 0
    for token, (before, name, dot, after) in zip(tokens, _fours(names), strict=True):
        # An alias may be called like a schema; then a column follows, and no table.
        if before != "." and dot == "." and (name, after) in tables:
            pieces += [text[end : token.start], schemas[name]]
            end = token.end + 1
    return "".join([*pieces, text[end:]])


def _fours(names: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Each name with the one before it and the two after it."""
    return zip(names, names[1:], names[2:], names[3:], strict=False)
