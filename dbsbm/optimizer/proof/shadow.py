"""Copies of tables in schemas of their own on the same server, dropped in the end.

A shadow schema holds a table that says what it is. While it is in use, the session that made it
holds a named lock: a shadow schema whose lock is free was left by a crash.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from dbsbm.errors import DbsbmError
from dbsbm.optimizer.proof.bench import Bench
from dbsbm.optimizer.server.connection import HOME, QueryError, ServerAwayError
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.server.quoting import quoted

log = logging.getLogger(__name__)

MOST_ROWS: Final = 2_000_000
MOST_BYTES: Final = 1 << 30
"""Tables that hold more are not copied: the copy would take minutes, and push what the server
needs out of its memory."""
# The copy of a table of another kind may be a second door to the same rows: MERGE, FEDERATED.
_KINDS = {"innodb", "aria", "myisam"}
_MARK = "dbsbm_shadow"
_NAME = re.compile(r".*__shadow_([0-9a-f]{12})\Z", re.DOTALL)
_LONGEST_SCHEMA = 64 - len("__shadow_") - 12


class NotCopiedError(DbsbmError):
    """The tables cannot be copied without harm. The text says why."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """Copies of tables.

    Attributes:
        schemas: The shadow schema of each schema.
        tables: The tables that were copied.
    """

    schemas: dict[str, str]
    tables: frozenset[tuple[str, str]]

    def name(self, schema: str, table: str) -> str:
        """The copy of a table, as SQL has it."""
        return f"{quoted(self.schemas[schema])}.{quoted(table)}"


def keeps_its_rows(table: Table) -> bool:
    """Tell whether a table keeps its rows itself, so that those of a copy are others."""
    return table.engine.lower() in _KINDS


def check_kinds(tables: Iterable[Table]) -> None:
    """Make sure that what is done to copies of tables is not done to their rows.

    Raises:
        NotCopiedError: A table's engine may keep its rows elsewhere.
    """
    for table in tables:
        if not keeps_its_rows(table):
            raise NotCopiedError(
                f"{table.name} is kept by {table.engine}, whose copies may share its rows: a "
                "person has to judge."
            )


def check_size(tables: Iterable[Table]) -> None:
    """Make sure that tables can be copied.

    Raises:
        NotCopiedError: They hold too much.
    """
    each = list(tables)
    rows, size = sum(t.rows for t in each), sum(t.bytes + t.index_bytes for t in each)
    if rows > MOST_ROWS or size > MOST_BYTES:
        raise NotCopiedError(
            f"The tables hold {rows:,} rows and {size >> 20:,} MiB, and copies are made of at most "
            f"{MOST_ROWS:,} rows and {MOST_BYTES >> 20:,} MiB: a person has to judge."
        )


@contextmanager
def shadow_of(bench: Bench, tables: Collection[Table], *, until: float) -> Iterator[Shadow]:
    """Copy tables, and drop the copies in the end.

    Args:
        bench: A session that may make schemas.
        tables: What is copied.
        until: When copying has taken too long, on the monotonic clock.

    Raises:
        NotCopiedError: They hold too much, or their engines or replicas forbid it.
        QueryError: The server refused: the user may not create schemas, or a copy took too long.
        ServerAwayError: The server is gone.
    """
    check_kinds(tables)
    check_size(tables)
    if bench.tells_replicas():
        raise NotCopiedError(
            "Replicas would make the copies, too: grant the user BINLOG ADMIN (MariaDB) or "
            "SESSION_VARIABLES_ADMIN (MySQL) ON *.*."
        )
    token = secrets.token_hex(6)
    schemas = {
        name: _shadow_name(name, number, token)
        for number, name in enumerate(dict.fromkeys(table.schema for table in tables))
    }
    made: list[str] = []
    bench.rows("SELECT GET_LOCK(%s, 0) AS taken", (_lock(token),))
    try:
        shadow = Shadow(schemas, frozenset((table.schema, table.name) for table in tables))
        for name in schemas.values():
            bench.run(f"CREATE SCHEMA {quoted(name)}")
            made.append(name)
            bench.run(f"CREATE TABLE {quoted(name)}.{_MARK} (made_at DATETIME)")
        for table in tables:
            if monotonic() > until:
                raise NotCopiedError("Copying the tables took too long: a person has to judge.")
            _copy(bench, shadow, table)
        for table in tables:
            _relate(bench, shadow, table)
        yield shadow
    finally:
        _drop(bench, made)
        with suppress(QueryError, ServerAwayError):
            bench.rows("SELECT RELEASE_LOCK(%s) AS released", (_lock(token),))


def drop_leftovers(bench: Bench) -> list[str]:
    """Drop shadow schemas that nobody uses any more, and return their names."""
    found = bench.rows(
        "SELECT schema_name AS name FROM information_schema.schemata "
        "WHERE schema_name LIKE '%\\_\\_shadow\\_%'"
    )
    left = [str(row["name"]) for row in found if _is_left(bench, str(row["name"]))]
    _drop(bench, left)
    return left


def _is_left(bench: Bench, name: str) -> bool:
    token = _NAME.match(name)
    if token is None:
        return False
    (lock,) = bench.rows("SELECT IS_FREE_LOCK(%s) AS free", (_lock(token[1]),))
    tables = bench.rows(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = %s", (name,)
    )
    # Between its creation and its mark a schema is empty.
    return bool(lock["free"]) and (not tables or any(row["name"] == _MARK for row in tables))


def _copy(bench: Bench, shadow: Shadow, table: Table) -> None:
    source = f"{quoted(table.schema)}.{quoted(table.name)}"
    copy = shadow.name(table.schema, table.name)
    columns = stored_columns(table)
    bench.run(f"CREATE TABLE {copy} LIKE {source}")
    rows = f"SELECT {columns} FROM {source} LIMIT {MOST_ROWS + 1}"  # noqa: S608 - names are quoted
    bench.run(f"INSERT INTO {copy} ({columns}) {rows}")
    (row,) = bench.rows("SELECT ROW_COUNT() AS copied")
    if int(row["copied"]) > MOST_ROWS:  # the count before was an estimate
        raise NotCopiedError(
            f"{table.name} holds more than the {MOST_ROWS:,} rows that are copied: a person has to "
            "judge."
        )
    bench.rows(f"ANALYZE TABLE {copy}")


def stored_columns(table: Table) -> str:
    """The columns that can be written, as SQL lists them."""
    return _names(each.name for each in table.columns.values() if not each.is_generated)


def _relate(bench: Bench, shadow: Shadow, table: Table) -> None:
    """Foreign keys between copies; one that leads to a table that is not copied would lock it."""
    for key in table.foreign_keys:
        if (key.other_schema, key.other_table) in shadow.tables:
            bench.run(
                f"ALTER TABLE {shadow.name(table.schema, table.name)} ADD FOREIGN KEY "
                f"({_names(key.columns)}) REFERENCES "
                f"{shadow.name(key.other_schema, key.other_table)} ({_names(key.other_columns)})"
            )


def _drop(bench: Bench, names: Iterable[str]) -> None:
    for name in names:
        try:
            bench.run(f"USE {HOME}")  # what runs nowhere would count as everybody's load
            bench.run(f"DROP SCHEMA IF EXISTS {quoted(name)}")
        except (QueryError, ServerAwayError):
            log.warning(
                "A copy of tables could not be dropped: the next proof tries again.",
                extra={"action": "optimizer.shadow_left"},
            )


def _shadow_name(schema: str, number: int, token: str) -> str:
    """The number tells schemas apart whose long names begin alike."""
    suffix = f"_{number}" if number else ""
    return f"{schema[: _LONGEST_SCHEMA - len(suffix)]}{suffix}__shadow_{token}"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(quoted, columns))


def _lock(token: str) -> str:
    return f"dbsbm.shadow.{token}"
