"""The planted database on a server: made, loaded, measured, changed and put back."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pymysql

from bench.rig.optimizer_blueprint import Blueprint, Statement, Table
from bench.rig.optimizer_server import MONTH, ForwardServer

CONNECTIONS = 4
SAMPLES = 3
"""Runs of each statement that are kept with their literals, to be replayed."""
FAILS = 10**9
"""Rows that a statement reads that can no longer be carried out."""
EARLY = 0.1
"""Share of the load that runs a month ago."""

_PS = "performance_schema"
_FORGET = (
    f"TRUNCATE TABLE {_PS}.events_statements_summary_by_digest",
    f"TRUNCATE TABLE {_PS}.table_io_waits_summary_by_index_usage",
    f"TRUNCATE TABLE {_PS}.table_io_waits_summary_by_table",
)
_INDEX_LINE = re.compile(r"^\s*(?:UNIQUE |FULLTEXT |SPATIAL )?KEY `([^`]+)`")
_CONFUSED = (1205, 1213, 1062)
"""Errors that any load has now and then: a lock waited for too long, a deadlock, a duplicate."""


@dataclass(frozen=True)
class Replay:
    """What one replay of the kept runs read.

    Attributes:
        rows: By statement, in the order of the load.
        pages: Of the buffer pool, by statement.
    """

    rows: Mapping[Statement, int]
    pages: Mapping[Statement, int]

    @property
    def weighed(self) -> float:
        """Pages that the whole load would read, each statement as often as it ran."""
        return sum(
            pages * statement.calls / min(statement.calls, SAMPLES)
            for statement, pages in self.pages.items()
        )


@dataclass
class PlantedLab:
    """A blueprint that has been built."""

    server: ForwardServer
    blueprint: Blueprint
    samples: dict[Statement, list[str]] = field(default_factory=lambda: defaultdict(list))
    expert: Mapping[Statement, int] = field(default_factory=dict)

    def build(self) -> None:
        """Make all tables and fill them, and let the server forget that."""
        with self._cursor() as cursor:
            for schema in self.blueprint.schemas:
                cursor.execute(f"DROP DATABASE IF EXISTS `{schema}`")
                cursor.execute(f"CREATE DATABASE `{schema}` CHARACTER SET utf8mb4")
            for table in self.blueprint.tables:
                cursor.execute(table.create())
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._fill, self.blueprint.tables))
        self.execute("FLUSH TABLES", *_FORGET)

    def _fill(self, table: Table) -> None:
        name = table.quoted
        use = f"USE `{table.schema}`"
        self.execute(
            use,
            "SET foreign_key_checks = 0, unique_checks = 0",
            table.fill(),
            f"ANALYZE TABLE {name}",
        )

    def drop(self) -> None:
        """Drop the databases."""
        self.execute(*(f"DROP DATABASE `{schema}`" for schema in self.blueprint.schemas))

    def run_load(self, *, aged: bool = True) -> None:
        """Run every statement as often as it is to be run, over some connections."""
        random = Random(self.blueprint.seed)
        runs = [each for each in self.blueprint.load for _ in range(each.calls)]
        random.shuffle(runs)
        prepared = [self._prepared(run, random) for run in runs]
        early = int(len(prepared) * EARLY) if aged else 0
        early_part = prepared[:early]
        for part in (early_part, prepared[early:]):
            with ThreadPoolExecutor(CONNECTIONS) as pool:
                list(pool.map(self._run, [part[n::CONNECTIONS] for n in range(CONNECTIONS)]))
            if aged and part is early_part:
                self.server.forward(MONTH)

    def keep_running(self, stop: threading.Event, random: Random) -> None:
        """Run statements of the load in any order until told to stop."""
        while not stop.is_set():
            chosen = random.choices(self.blueprint.load, k=50)
            self._run([self._prepared(each, random) for each in chosen])

    def _prepared(self, statement: Statement, random: Random) -> tuple[str, str]:
        arguments = tuple(statement.arguments(random))
        escaped = tuple(pymysql.converters.escape_item(each, "utf8mb4") for each in arguments)
        sql = statement.sql % escaped
        kept = self.samples[statement]
        if len(kept) < SAMPLES:
            kept.append(sql)
        return statement.schema, sql

    def _run(self, runs: Sequence[tuple[str, str]]) -> None:
        with ExitStack() as stack:
            connections = {
                schema: stack.enter_context(self.server.connect(schema))
                for schema in self.blueprint.schemas
            }
            for schema, sql in runs:
                with connections[schema].cursor() as cursor:
                    assert _works(cursor, sql), sql

    @contextmanager
    def incidents(self) -> Iterator[None]:
        """Keep what is going on between connections going on."""
        with ExitStack() as stack:
            for incident in self.blueprint.incidents:
                rows = f"`{incident.table.schema}`.`{incident.table.name}`"
                change = (
                    f"UPDATE {rows} SET {incident.column} = 7 WHERE {incident.table.key} = {{}}"
                )
                first, second = (self._transaction(stack) for _ in range(2))
                first.execute(change.format(1))
                if incident.kind == "deadlock":
                    _deadlock(first, second, change)
                elif incident.kind == "lock wait":
                    self._wait(stack, second, change.format(1))
            self.server.forward(900)
            yield

    def _wait(self, stack: ExitStack, cursor: Any, sql: str) -> None:
        """Let a statement wait until its connection is killed."""
        waiting = threading.Thread(target=lambda: _suppressed(cursor, sql))
        waiting.start()
        stack.callback(waiting.join)
        stack.callback(self.execute, f"KILL {cursor.connection.thread_id()}")

    def _transaction(self, stack: ExitStack) -> pymysql.cursors.Cursor:
        connection = stack.enter_context(self.server.connect())
        cursor = connection.cursor()
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 3600")
        cursor.execute("BEGIN")
        return cursor

    def replay(self) -> Replay:
        """Replay the kept runs, rolling back what they change."""
        rows, pages = {}, {}
        with self._cursor() as cursor:
            for statement in self.blueprint.load:
                if not statement.sql.lower().startswith("insert"):
                    before = _pages(cursor)
                    rows[statement] = self._reads(cursor, statement)
                    pages[statement] = _pages(cursor) - before
        return Replay(rows, pages)

    def steady_replay(self) -> Replay:
        """Replay twice: the fewer pages are those without the server's own work beside it."""
        one, two = self.replay(), self.replay()
        return Replay(two.rows, {each: min(one.pages[each], two.pages[each]) for each in two.pages})

    def reads(self, statement: Statement) -> int:
        """Return the rows that the kept runs of a statement read."""
        with self._cursor() as cursor:
            return self._reads(cursor, statement)

    def _reads(self, cursor: pymysql.cursors.Cursor, statement: Statement) -> int:
        cursor.execute(f"USE `{statement.schema}`")
        cursor.execute("FLUSH STATUS")
        for sql in self.samples[statement]:
            if statement.writes:
                cursor.execute("BEGIN")
            if not _works(cursor, sql):
                return FAILS
            if statement.writes:
                cursor.execute("ROLLBACK")
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        return sum(int(value) for _, value in cursor.fetchall())

    def expert_reads(self, statement: Statement) -> int:
        """Return the rows that it read when the expert's changes were made."""
        return self.expert[statement]

    def explained(self, statement: Statement) -> str:
        """Return the remarks of EXPLAIN on a kept run."""
        with self._cursor() as cursor:
            cursor.execute(f"USE `{statement.schema}`")
            cursor.execute(f"EXPLAIN {self.samples[statement][0]}")
            return " ".join(str(row[-1]) for row in cursor.fetchall())

    def prepares(self, schema: str, sql: str) -> bool:
        """Tell whether the server understands a statement with its tables and columns."""
        with self._cursor() as cursor:
            cursor.execute(f"USE `{schema}`")
            try:
                cursor.execute("PREPARE fixed FROM %s", (sql.rstrip("; \n"),))
            except pymysql.err.MySQLError:
                return False
            return True

    def ask(self, sql: str) -> Any:
        """Return the first value of a query's first row."""
        with self._cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
            return row[0] if row else None

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Return all rows of a query."""
        with self._cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def execute(self, *statements: str) -> None:
        """Run statements on one connection."""
        with self._cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)

    def failures(self, ddl: Sequence[str]) -> list[str]:
        """Run statements one by one and return what the server said to those that failed."""
        failed = []
        with self._cursor() as cursor:
            cursor.execute("SET SESSION lock_wait_timeout = 5")
            cursor.execute(f"USE `{self.blueprint.schemas[0]}`")
            for sql in ddl:
                try:
                    cursor.execute(sql)
                except pymysql.err.MySQLError as error:
                    failed.append(f"{error.args[0]}: {sql}")
        return failed

    @contextmanager
    def applied(self, ddl: Sequence[str]) -> Iterator[bool]:
        """Apply changes for a while, and put the tables back; gives whether all could be."""
        with self.tried(ddl) as failed:
            yield not failed

    @contextmanager
    def tried(self, ddl: Sequence[str]) -> Iterator[list[str]]:
        """Apply what can be for a while, and put the tables back; gives what could not."""
        tables = self._named(ddl)
        before = {table.full: self.created(table) for table in tables}
        try:
            yield self.failures(ddl)
        finally:
            for table in tables:
                self._restore(table, before[table.full])

    def _named(self, ddl: Sequence[str]) -> list[Table]:
        text = " ".join(ddl).replace("`", "")
        return [table for table in self.blueprint.tables if re.search(rf"\b{table.full}\b", text)]

    def created(self, table: Table) -> str:
        """Return what SHOW CREATE TABLE says."""
        with self._cursor() as cursor:
            cursor.execute(f"SHOW CREATE TABLE {table.quoted}")
            return str(cursor.fetchall()[0][1])

    def _restore(self, table: Table, before: str) -> None:
        now = self.created(table)
        if now == before:
            return
        name = table.quoted
        if _without_indexes(now) == _without_indexes(before):
            had, has = _indexes(before), _indexes(now)
            changes = [f"DROP INDEX `{each}`" for each in has if has[each] != had.get(each)]
            changes += [f"ADD {had[each]}" for each in had if had[each] != has.get(each)]
            if changes:
                self.execute(f"ALTER TABLE {name} {', '.join(changes)}")
            return
        self.execute(
            f"USE `{table.schema}`", "SET foreign_key_checks = 0", f"DROP TABLE {name}", before
        )
        self._fill(table)

    @contextmanager
    def _cursor(self) -> Iterator[pymysql.cursors.Cursor]:
        with self.server.connect() as connection, connection.cursor() as cursor:
            yield cursor


def _works(cursor: pymysql.cursors.Cursor, sql: str) -> bool:
    """Run a statement of the load; tell whether the server can carry it out."""
    try:
        cursor.execute(sql)
        cursor.fetchall()
    except pymysql.err.MySQLError as error:
        return error.args[0] in _CONFUSED
    return True


def _deadlock(first: Any, second: Any, change: str) -> None:
    """Let two transactions take two rows in opposite order; the server ends one of them."""
    second.execute(change.format(2))
    other = threading.Thread(target=lambda: _suppressed(first, change.format(2)))
    other.start()
    _suppressed(second, change.format(1))
    other.join()
    first.execute("ROLLBACK")
    second.execute("ROLLBACK")


def _suppressed(cursor: Any, sql: str) -> None:
    with suppress(pymysql.err.MySQLError):
        cursor.execute(sql)


def _pages(cursor: pymysql.cursors.Cursor) -> int:
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_read_requests'")
    return int(cursor.fetchall()[0][1])


def _indexes(created: str) -> dict[str, str]:
    lines = (line.strip().rstrip(",") for line in created.splitlines())
    return {found[1]: line for line in lines if (found := _INDEX_LINE.match(line))}


def _without_indexes(created: str) -> str:
    lines = (line.strip().rstrip(",") for line in created.splitlines())
    return re.sub(
        r" AUTO_INCREMENT=\d+", "", "\n".join(line for line in lines if not _INDEX_LINE.match(line))
    )
