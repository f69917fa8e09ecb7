"""Watches an engine's transactions and tells the cache what they changed.

Every statement is seen, by whatever API it comes: a flush, a bulk operation, Core, text or the
driver's own SQL through `exec_driver_sql`. What it changes is kept with its connection until the
transaction ends. Before the COMMIT the cache is told to guard the changed tags, and after it to
release them; nothing is told on ROLLBACK. A statement that is committed by itself (AUTOCOMMIT, or
one before which MySQL commits) is told of before and after it runs.

Not seen are statements on `Engine.raw_connection()` and on a driver's cursor of one's own: tell of
them with `changed`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, ExceptionContext, MetaData, Table, event
from sqlalchemy.engine.interfaces import ExecutionContext

from dbsbm.querycache.sql.dialects import check_dialect
from dbsbm.querycache.sql.markers import Parameters
from dbsbm.querycache.sql.textual import CHANGING, COMMITTING, Statement, StatementKind
from dbsbm.querycache.writing.commits import Commits
from dbsbm.querycache.writing.connections import commits_each, forget_isolation, mark_altered
from dbsbm.querycache.writing.executions import (
    asking_on,
    collected_keys,
    learn,
    parameter_sets,
    statement_of,
)
from dbsbm.querycache.writing.pending import Pending, forget, known_pending, pending_of
from dbsbm.querycache.writing.telling import GUARD_FOR, Invalidator
from dbsbm.querycache.writing.writes import Writes

_READING_NOTHING: Final = frozenset(
    {
        StatementKind.BEGIN,
        StatementKind.SAVEPOINT,
        StatementKind.RELEASE,
        StatementKind.ROLLBACK_TO,
    }
)
"""These take no snapshot."""


class Transactions:
    """Tells a cache of what the transactions of engines change.

    Attributes:
        unwatched: Names, in lower case, of the tables whose writes are told to nobody; the
            ledger's too.

    Args:
        cache: Told.
        metadata: The tables that cached queries read.
        also: What triggers change: by table, the tables that a write to it changes too.
        pure: Stored functions that write nothing, in capitals.
        ledger: The table for debts, see `dbsbm.querycache.writing.ledger`.
        unwatched: Names of tables that no cached query reads.
        guard_for: How long a guard lasts whose writer dies.
    """

    def __init__(
        self,
        cache: Invalidator,
        metadata: MetaData,
        *,
        also: Mapping[str, Sequence[str]] | None = None,
        pure: Collection[str] = (),
        ledger: Table | None = None,
        unwatched: Collection[str] = (),
        guard_for: timedelta = GUARD_FOR,
    ) -> None:
        self._pure = frozenset(pure)
        self._commits = Commits(cache, ledger, guard_for)
        own = () if ledger is None else (ledger.name,)
        self.unwatched = frozenset(name.lower() for name in (*own, *unwatched))
        self._writes = Writes(metadata, also=also, ignored=self.unwatched)
        self._listeners: tuple[tuple[str, Callable[..., Any]], ...] = (
            ("begin", self._begun),
            ("begin_twophase", self._begun),
            ("before_cursor_execute", self._before),
            ("after_cursor_execute", self._after),
            ("after_execute", self._executed),
            ("handle_error", self._failed),
            ("commit", self._committing),
            ("commit_twophase", self._committing_twophase),
            ("rollback", self._rolled_back),
            ("rollback_twophase", self._rolled_back),
            ("checkin", self._returned),
        )

    def attach(self, engine: Engine) -> None:
        """Watch an engine, from the next transaction on.

        Raises:
            ConfigError: Its dialect is not understood, or how its driver writes parameters.
        """
        check_dialect(engine.dialect)
        for name, listener in self._listeners:
            event.listen(engine, name, listener)
        self._commits.watch(engine.dialect)

    def detach(self, engine: Engine) -> None:
        """Watch an engine no longer."""
        for name, listener in self._listeners:
            event.remove(engine, name, listener)
        self._commits.unwatch(engine.dialect)

    def changed(self, connection: Connection, *tables: str) -> None:
        """Say that the transaction on a connection changes tables in a way that is not seen."""
        statement = Statement(StatementKind.WRITE, tables=tables, removes=True)
        write_set = self._writes.write_set(statement, (), connection.dialect, None)
        pending_of(connection).begin(write_set, None)

    # The life of a transaction

    def _begun(self, connection: Connection, *_: Any) -> None:
        pending_of(connection).clear()

    def _committing(self, connection: Connection, *, takes_writes: bool = True) -> None:
        pending = pending_of(connection)
        self._commits.guard(connection, pending, pending.tags, takes_writes=takes_writes)
        pending.is_committing = pending.guarded is not None

    def _committing_twophase(self, connection: Connection, _xid: Any, is_prepared: bool) -> None:
        self._committing(connection, takes_writes=not is_prepared)

    def _rolled_back(self, connection: Connection, *_: Any) -> None:
        if not connection.invalidated:
            self._commits.end(pending_of(connection))

    def _returned(self, _driver: Any, record: Any) -> None:
        pending = known_pending(record.info)
        if pending is not None:
            self._commits.end(pending)
        forget(record.info)

    # The life of a statement

    def _before(
        self,
        connection: Connection,
        _cursor: Any,
        sql: str,
        parameters: Any,
        context: ExecutionContext,
        executemany: bool,
    ) -> None:
        pending = pending_of(connection)
        if pending.is_own or (context is not None and pending.context is context):
            return
        statement = statement_of(connection, sql, parameters, context)
        if statement.calls:
            statement = statement._replace(calls=statement.calls - self._pure)
        pending.statement = statement
        _count(connection, pending, statement)
        if statement.kind in CHANGING or statement.calls:
            sets = parameter_sets(parameters, context, executemany=executemany)
            self._change(connection, pending, statement, sets, context)
            return
        pending.is_alone = False
        if statement.kind in {StatementKind.BEGIN, StatementKind.COMMIT}:
            self._commits.guard(connection, pending, pending.tags)

    def _change(
        self,
        connection: Connection,
        pending: Pending,
        statement: Statement,
        parameters: Sequence[Parameters],
        context: ExecutionContext,
    ) -> None:
        pending.is_alone = commits_each(connection)
        asking = None if pending.is_alone else asking_on(connection, pending)
        write_set = self._writes.write_set(statement, parameters, connection.dialect, asking)
        pending.begin(write_set, context)
        may_commit = _may_commit(connection, statement)
        # After that, text can no longer tell whether its transaction goes on.
        pending.may_be_alone |= pending.in_text and may_commit
        if pending.is_alone or pending.may_be_alone or may_commit:
            takes_writes = not statement.is_prepared
            self._commits.guard(connection, pending, pending.tags, takes_writes=takes_writes)
        elif pending.is_committing:
            # Another listener of the commit has come after us and writes something more.
            self._commits.guard(connection, pending, pending.tags)
            pending.is_committing = True

    def _after(
        self,
        connection: Connection,
        cursor: Any,
        _sql: str,
        _parameters: Any,
        context: ExecutionContext,
        executemany: bool,
    ) -> None:
        pending = pending_of(connection)
        statement = pending.statement
        if pending.is_own or statement is None:
            return
        if pending.write_set is not None and statement.kind is StatementKind.WRITE:
            learn(pending.write_set, cursor, asking_on(connection, pending), many=executemany)
        self._transact(connection, pending, statement)

    def _transact(self, connection: Connection, pending: Pending, statement: Statement) -> None:
        """Follow what a statement that has run did to the transaction."""
        if not pending.is_committing:
            self._commits.release(pending)
        match statement.kind:
            case StatementKind.SAVEPOINT:
                pending.save(statement.name)
            case StatementKind.ROLLBACK_TO:
                pending.undo(statement.name)
            case StatementKind.RELEASE:
                pending.release(statement.name)
                self._outermost(connection, pending)
            case StatementKind.BEGIN:
                pending.clear()
                pending.in_text = True
                pending.statements = int(bool(statement.name))
            case StatementKind.COMMIT | StatementKind.ROLLBACK:
                pending.clear()
                pending.in_text = bool(statement.name)
            case _ if pending.is_alone:
                pending.clear()
            case _:
                pass

    def _outermost(self, connection: Connection, pending: Pending) -> None:
        """SQLite commits with the outermost savepoint, where no BEGIN came before it."""
        driver: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "sqlite" and not driver.in_transaction and pending:
            self._commits.guard(connection, pending, pending.tags)
            self._commits.end(pending)

    def _executed(
        self,
        connection: Connection,
        _element: Any,
        _multiparams: Any,
        _params: Any,
        _options: Any,
        result: Any,
    ) -> None:
        """Take the keys of many new rows, which SQLAlchemy has collected by now."""
        write_set = pending_of(connection).write_set
        if write_set is not None and write_set.generated is not None:
            write_set.keyed(collected_keys(result, write_set))

    def _failed(self, failure: ExceptionContext) -> None:
        connection = failure.connection
        if connection is not None and not connection.invalidated and not connection.closed:
            pending = pending_of(connection)
            # A deadlock ends the whole transaction.
            pending.may_be_alone |= pending.in_text
            self._commits.release(pending)


def _count(connection: Connection, pending: Pending, statement: Statement) -> None:
    if statement.alters:
        mark_altered(connection.info)
    if statement.kind is StatementKind.SETTING:
        forget_isolation(connection.info)
    if statement.kind not in _READING_NOTHING:
        pending.statements += 1


def _may_commit(connection: Connection, statement: Statement) -> bool:
    return statement.kind in COMMITTING and connection.dialect.name != "sqlite"
