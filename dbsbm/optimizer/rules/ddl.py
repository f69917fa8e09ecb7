"""SQL that makes and removes indexes, and the sentences' names of things."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbsbm.optimizer.rules.indexes.candidate import prefix_of
from dbsbm.optimizer.server.model import Column, Index, Part, Server, Table
from dbsbm.optimizer.server.quoting import quoted

_LONGEST_NAME = 64
_COLLATION = re.compile(r" (?:CHARACTER SET|COLLATE) \w+")
_DEFAULT_TEXT = re.compile(r" DEFAULT '(-?\d+)'")
_DEFAULT_EMPTY = " DEFAULT ''"


def full_name(table: Table) -> str:
    """The table's name with its schema, as SQL has it."""
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def parts_of(table: Table, columns: Iterable[str]) -> tuple[Part, ...]:
    """An index's parts, of long columns the beginning."""
    return tuple(Part(each, prefix_of(table.columns[each])) for each in columns)


def new_name(table: Table, columns: Iterable[str], taken: Iterable[str] = ()) -> str:
    """A name that no index of the table has."""
    names = {index.name.lower() for index in table.indexes} | {each.lower() for each in taken}
    base = f"ix_{table.name}_{'_'.join(columns)}"
    name, number = base[:_LONGEST_NAME], 2
    while name.lower() in names:
        suffix = f"_{number}"
        name, number = base[: _LONGEST_NAME - len(suffix)] + suffix, number + 1
    return name


def add(index: Index) -> str:
    """The clause that adds an index, exactly as it is."""
    if index.definition:
        return f"ADD {index.definition}"
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    if index.kind in {"FULLTEXT", "SPATIAL"}:
        kind = f"{index.kind} INDEX"
    using = " USING HASH" if index.kind == "HASH" else ""
    return (
        f"ADD {kind} {quoted(index.name)} ({', '.join(_part(each) for each in index.parts)}){using}"
    )


def drop(index: Index) -> str:
    """The clause that drops an index."""
    return "DROP PRIMARY KEY" if index.primary else f"DROP INDEX {quoted(index.name)}"


def alter(table: Table, *clauses: str) -> str:
    """One statement that changes a table."""
    return f"ALTER TABLE {full_name(table)} {', '.join(clauses)}"


def hide(server: Server, table: Table, index: Index, *, hidden: bool) -> str | None:
    """Hide an index from the planner or show it again; None on a server that cannot."""
    clause = f"ALTER INDEX {quoted(index.name)}"
    if server.flavor == "mariadb" and server.version >= (10, 6):
        return alter(table, f"{clause} {'IGNORED' if hidden else 'NOT IGNORED'}")
    if server.flavor == "mysql" and server.version >= (8,):
        return alter(table, f"{clause} {'INVISIBLE' if hidden else 'VISIBLE'}")
    return None


def _part(part: Part) -> str:
    length = "" if part.prefix is None else f"({part.prefix})"
    return f"{quoted(part.column or '')}{length}{' DESC' if part.descending else ''}"


def modify(column: Column, **change: str) -> str:
    """The clause that makes a column what it is, but for what is given.

    Args:
        column: As the schema has it.
        change: `type`, `charset` and `collation` to have in place of its own.
    """
    return f"MODIFY {quoted(column.name)} {_definition(column, **change)}"


def modify_like(column: Column, other: Column) -> str:
    """The clause that makes a column comparable with another one."""
    if column.charset is None or other.charset is None:
        return modify(column, type=other.type, charset="", collation="")
    return modify(column, charset=other.charset, collation=other.collation or "")


def _definition(
    column: Column,
    type: str | None = None,  # noqa: A002 -- the word of SQL for it
    charset: str | None = None,
    collation: str | None = None,
) -> str:
    rest = column.definition[len(column.type) :] if column.definition else _plain_rest(column)
    if type is None and charset is None:
        return f"{column.type}{rest}"
    rest = _COLLATION.sub("", rest)
    text = f" CHARACTER SET {charset}" if charset else ""
    text += f" COLLATE {collation}" if collation else ""
    if charset == "":  # no text any more: an empty one is no default
        rest = _DEFAULT_TEXT.sub(r" DEFAULT \1", rest).replace(_DEFAULT_EMPTY, "")
    return f"{type or column.type}{text}{rest}"


def _plain_rest(column: Column) -> str:
    text = f" CHARACTER SET {column.charset} COLLATE {column.collation}" if column.charset else ""
    numbered = " AUTO_INCREMENT" if column.auto_increment else ""
    return f"{text}{'' if column.nullable else ' NOT NULL'}{numbered}"
