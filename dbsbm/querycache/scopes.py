"""Scopes: the columns by which the rows of a table are told apart, and which values can be.

A scope is a set of columns that many queries pin by equality, such as the guild. The primary key
always is one; `Table.info["cache_scopes"]` names more: `(("guild_id",), ("guild_id", "user_id"))`.

A tag stands for all values that the database calls equal. So only those values make a scope tag
whose equality in the database is known here; every other value counts as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Boolean, Column, Date, Dialect, Integer, String, Table, Uuid
from sqlalchemy import Enum as EnumType
from sqlalchemy.types import TypeEngine

from dbsbm.errors import ConfigError
from dbsbm.querycache.tags import ScopeValue, scope_tag

Scope = tuple[str, ...]
"""Names of columns, sorted."""

INFO_KEY: Final = "cache_scopes"


class Unknown(Enum):
    """The one value that stands for all whose equality is not known here."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


@lru_cache(1_024)
def scopes(table: Table) -> tuple[Scope, ...]:
    """Return the scopes of a table, its primary key first.

    Raises:
        ConfigError: A scope names a column that the table does not have, or one that the database
            computes.
    """
    declared = [tuple(sorted(scope)) for scope in table.info.get(INFO_KEY, ())]
    for name in {name for scope in declared for name in scope}:
        if name not in table.columns:
            raise ConfigError(
                f"The cache scopes of table {table.name} name a column {name} that it does not "
                'have. Correct info["cache_scopes"] of its model.'
            )
        if table.columns[name].computed is not None:
            raise ConfigError(
                f"Column {name} of table {table.name} is computed by the database, so that it "
                'cannot be a cache scope. Take it out of info["cache_scopes"] of its model.'
            )
    key = tuple(sorted(column.name for column in table.primary_key.columns))
    return tuple(dict.fromkeys([*([key] if key else []), *declared]))


def is_declared(table: Table) -> bool:
    """Tell whether a table names scopes beside its primary key."""
    return len(scopes(table)) > 1


def scope_columns(table: Table) -> frozenset[str]:
    """Return every column that is part of a scope."""
    return frozenset(name for scope in scopes(table) for name in scope)


def comparable(type_: TypeEngine[Any], value: object) -> ScopeValue | Unknown:
    """Return what stands for a value in a scope tag, or UNKNOWN.

    Two values of a column that the database calls equal make the same, under every collation:
    text counts only where it is printable ASCII, without case and trailing spaces.

    Args:
        type_: The column's type.
        value: A Python value as the application binds it.
    """
    if isinstance(type_, Integer):
        return int(value) if type(value) in (int, bool) else UNKNOWN  # type: ignore[call-overload]
    if isinstance(type_, Boolean):
        return bool(value) if value in (0, 1) and isinstance(value, int) else UNKNOWN
    if isinstance(type_, Uuid):
        return _uuid(value)
    if isinstance(type_, Date):
        return value if type(value) is date else UNKNOWN
    if isinstance(type_, String) and not isinstance(type_, EnumType):
        return _folded(value)
    return UNKNOWN


def from_driver(column: Column[Any], dialect: Dialect, raw: object) -> ScopeValue | Unknown | None:
    """Return what stands for a value that is spelled as the driver sends or receives it.

    Returns:
        None for NULL, which equals nothing, so that no query is pinned to it.
    """
    if raw is None:
        return None
    direct = comparable(column.type, raw)
    if direct is not UNKNOWN:
        return direct
    processor = column.type.dialect_impl(dialect).result_processor(dialect, None)
    if processor is None:
        return UNKNOWN
    try:
        return comparable(column.type, processor(raw))
    except (TypeError, ValueError, AttributeError):
        return UNKNOWN


def scope_tags_of(
    table: Table, rows: Iterable[Mapping[str, ScopeValue | Unknown | None]]
) -> set[str] | None:
    """Return the tags of every scope that rows are in, or None where a value is unknown.

    Args:
        table: Their table.
        rows: The value of each scope column, by its name.
    """
    tags: set[str] = set()
    shapes = scopes(table)
    for row in rows:
        for scope in shapes:
            values = {name: row.get(name, UNKNOWN) for name in scope}
            if UNKNOWN in values.values():
                return None
            pins = {name: value for name, value in values.items() if _is_known(value)}
            if len(pins) == len(scope):
                tags.add(scope_tag(table.name, pins))  # type: ignore[arg-type]
    return tags


def _is_known(value: object) -> bool:
    return value is not None and value is not UNKNOWN


def _uuid(value: object) -> UUID | Unknown:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value) if isinstance(value, str) else UNKNOWN
    except ValueError:
        return UNKNOWN


def _folded(value: object) -> str | Unknown:
    if not isinstance(value, str):
        return UNKNOWN
    text = str.__str__(value)
    if not (text.isascii() and text.isprintable()):
        return UNKNOWN
    return text.casefold().rstrip(" ")
