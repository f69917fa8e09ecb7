"""What the views of a database read, so that a write to a table reaches the queries on its views.

The catalogue of views is itself a cached value: it depends on the global tag, which every change of
the schema bumps that is made through an attached engine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import sqlglot
from sqlalchemy import Connection, Engine, Table
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.querycache.reading.collecting import not_collecting
from dbsbm.querycache.reading.loading import get_or_load
from dbsbm.querycache.reading.standing import beside
from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.dialects import grammar_of
from dbsbm.querycache.sql.parsing import parse_query
from dbsbm.querycache.sql.purity import refuse_impure
from dbsbm.querycache.sql.reads import table_reads
from dbsbm.querycache.sql.times import refuse_dated_times
from dbsbm.querycache.tags import GLOBAL_TAG

Catalogue = dict[str, list[str] | None]
"""The tables that each view reads, by its name; None where that is not understood."""

_DEFINITIONS: Final = {
    "mysql": (
        "SELECT table_schema, table_name, view_definition, table_schema = DATABASE() "
        "FROM information_schema.views WHERE table_schema NOT IN ('sys', 'mysql')"
    ),
    "sqlite": "SELECT 'main', name, sql, 1 FROM sqlite_master WHERE type = 'view'",
}


class Views:
    """Knows the views of databases.

    Args:
        cache: Keeps what was learned.
        category: As what kind of value.
        also_pure: Functions of the database whose results their arguments decide, in capitals.
        unwatched: Tables whose changes nobody tells of, in lower case.
        tables: Returns the tables whose columns are known, by their names in lower case.
    """

    def __init__(
        self,
        cache: Cache,
        category: Category,
        also_pure: Collection[str],
        unwatched: Collection[str],
        tables: Callable[[], Mapping[str, Table]],
    ) -> None:
        self._cache, self._category = cache, category
        self._also_pure, self._unwatched = also_pure, unwatched
        self._known = tables

    def base_tables(
        self, names: Iterable[str], database: str, engine: Engine, own: Callable[[], Connection]
    ) -> dict[str, list[str]]:
        """Return the tables that each view among some names reads.

        Args:
            names: Names of tables and views in lower case, with their schema where one is written.
            database: The database's name, from `dbsbm.querycache.reading.keys.database_name`.
            engine: Of the database.
            own: Returns the connection of whoever asks.

        Raises:
            Refusal: It is not understood what a view reads, or cannot be asked now.
        """
        catalogue = self._catalogue(database, engine, own)
        found: dict[str, list[str]] = {}
        for name in names:
            tables = catalogue.get(name, [])
            if tables is None:
                raise Refusal(Reason.NOT_UNDERSTOOD, f"it is not known what view {name} reads")
            if tables:
                found[name] = tables
        return found

    def _catalogue(self, database: str, engine: Engine, own: Callable[[], Connection]) -> Catalogue:
        key = Key.of(self._category, database, "views")
        return get_or_load(self._cache, key, lambda: self._load(engine, own), (GLOBAL_TAG,))

    def _load(self, engine: Engine, own: Callable[[], Connection]) -> Catalogue:
        grammar = grammar_of(engine.dialect.name)
        with not_collecting(), beside(engine, own) as connection:
            rows = connection.exec_driver_sql(_DEFINITIONS[grammar]).all()
        direct: Catalogue = {}
        for schema, name, definition, is_own in rows:
            tables = self._tables(definition or "", grammar)
            direct[f"{schema}.{name}".lower()] = tables
            if is_own:
                direct[name.lower()] = tables
        return {name: _all_tables(name, direct) for name in direct}

    def _tables(self, definition: str, grammar: str) -> list[str] | None:
        try:
            query = parse_query(_query_of(definition, grammar), grammar)
            refuse_impure(query, grammar, self._also_pure)
            reads = table_reads(query, {})
            refuse_dated_times(query, reads, self._known(), grammar, self._also_pure)
        except Refusal:
            return None
        if any(read.name.lower() in self._unwatched for read in reads):
            return None
        return sorted({_full_name(read.schema, read.name) for read in reads})


def _query_of(definition: str, grammar: str) -> str:
    """Return the query of a definition, which SQLite keeps as the statement that made it."""
    if grammar != "sqlite":
        return definition.replace("%", "%%")
    try:
        tree = sqlglot.parse_one(definition, read=grammar)
    except SqlglotError:
        return ""
    query = tree.args.get("expression") if isinstance(tree, exp.Create) else None
    return query.sql(dialect=grammar) if isinstance(query, exp.Query) else ""


def _full_name(schema: str, name: str) -> str:
    return f"{schema}.{name}".lower() if schema else name.lower()


def _all_tables(view: str, direct: Mapping[str, list[str] | None]) -> list[str] | None:
    """Follow views of views down to tables."""
    seen: set[str] = set()
    pending = [view]
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        tables = direct.get(name, [])
        if tables is None:
            return None
        pending += tables
    return sorted({name.rpartition(".")[2] for name in seen - {view}})
