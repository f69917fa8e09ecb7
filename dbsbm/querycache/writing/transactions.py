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

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, ExceptionContext, MetaData, Table, event
from sqlalchemy.engine.interfaces import ExecuteStyle, ExecutionContext

from dbsbm.querycache.sql.dialects import GRAMMARS, check_dialect
from dbsbm.querycache.sql.markers import Parameters
from dbsbm.querycache.sql.textual import Statement, StatementKind, understand
from dbsbm.querycache.tags import TagSet
from dbsbm.querycache.writing.asking import Asking
from dbsbm.querycache.writing.connections import commits_each, forget_isolation, mark_altered
from dbsbm.querycache.writing.ledger import Ledger
from dbsbm.querycache.writing.pending import Pending, forget, known_pending, pending_of
from dbsbm.querycache.writing.telling import GUARD_FOR, Invalidator, Telling
from dbsbm.querycache.writing.writes import Writes, WriteSet

_CHANGING: Final = frozenset({StatementKind.WRITE, StatementKind.DEFINITION, StatementKind.OPAQUE})
_COMMITTING: Final = frozenset({StatementKind.DEFINITION, StatementKind.OPAQUE})
"""Before these, or in them, MySQL may commit."""


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
        self._cache = cache
        self._pure = frozenset(pure)
        self._telling = Telling(cache, guard_for)
        self._ledger = Ledger(ledger) if ledger is not None else None
        own = () if ledger is None else (ledger.name,)
        self.unwatched = frozenset(name.lower() for name in (*own, *unwatched))
        self._writes = Writes(metadata, also=also, ignored=self.unwatched)
        self._commits: dict[Dialect, tuple[Any, Any]] = {}
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
        self._watch_commits(engine.dialect)

    def detach(self, engine: Engine) -> None:
        """Watch an engine no longer."""
        for name, listener in self._listeners:
            event.remove(engine, name, listener)
        commit, commit_twophase = self._commits.pop(engine.dialect)
        engine.dialect.do_commit = commit  # type: ignore[method-assign]
        engine.dialect.do_commit_twophase = commit_twophase  # type: ignore[method-assign]

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
        self._guard(connection, pending, pending.tags, takes_writes=takes_writes)
        pending.is_committing = pending.guarded is not None

    def _committing_twophase(self, connection: Connection, _xid: Any, is_prepared: bool) -> None:
        self._committing(connection, takes_writes=not is_prepared)

    def _rolled_back(self, connection: Connection, *_: Any) -> None:
        if not connection.invalidated:
            self._end(pending_of(connection))

    def _returned(self, _driver: Any, record: Any) -> None:
        pending = known_pending(record.info)
        if pending is not None:
            self._end(pending)
        forget(record.info)

    def _end(self, pending: Pending) -> None:
        self._release(pending)
        pending.clear()

    def _guard(
        self, connection: Connection, pending: Pending, tags: TagSet, *, takes_writes: bool = True
    ) -> None:
        """Tell of a commit, and write down what cannot be told where the transaction takes it.

        One that is prepared takes none: its debt is this process's alone.
        """
        self._release(pending)
        if not tags:
            return
        pending.guarded = self._telling.before(tags)
        if self._ledger is None or not takes_writes:
            return
        with _own(pending):
            if pending.guarded.is_owed:
                self._ledger.owe(connection, pending.guarded.tags)
            else:
                self._ledger.settle(connection, self._cache)

    def _release(self, pending: Pending) -> None:
        guarded, pending.guarded = pending.guarded, None
        pending.is_committing = False
        if guarded is not None:
            self._telling.after(guarded)

    def _watch_commits(self, dialect: Dialect) -> None:
        """There is no event after a commit, so the dialect's methods that commit are extended."""
        commit, commit_twophase = dialect.do_commit, dialect.do_commit_twophase
        self._commits[dialect] = (commit, commit_twophase)

        def do_commit(dbapi_connection: Any) -> None:
            # The pool calls it too, where it has been told to commit what is returned to it.
            with self._commit(known_pending(getattr(dbapi_connection, "info", {}))):
                commit(dbapi_connection)

        def do_commit_twophase(
            connection: Connection, xid: Any, is_prepared: bool = True, recover: bool = False
        ) -> None:
            pending = pending_of(connection)
            if pending.guarded is None:
                # Prepared elsewhere: what it changed is not known here.
                unknown = TagSet()
                unknown.add_everything()
                self._guard(connection, pending, unknown, takes_writes=False)
            with self._commit(pending), _own(pending):
                commit_twophase(connection, xid, is_prepared, recover)

        dialect.do_commit = do_commit  # type: ignore[method-assign]
        dialect.do_commit_twophase = do_commit_twophase  # type: ignore[method-assign]

    @contextmanager
    def _commit(self, pending: Pending | None) -> Iterator[None]:
        if pending is None:
            yield
            return
        try:
            yield
        finally:
            # A commit that failed may have happened all the same.
            self._release(pending)
        pending.clear()

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
        statement = _understood(connection, sql, parameters, context)
        if statement.calls:
            statement = statement._replace(calls=statement.calls - self._pure)
        pending.statement = statement
        _count(connection, pending, statement)
        if statement.kind in _CHANGING or statement.calls:
            sets = _parameter_sets(parameters, context, executemany=executemany)
            self._change(connection, pending, statement, sets, context)
            return
        pending.is_alone = False
        if statement.kind in {StatementKind.BEGIN, StatementKind.COMMIT}:
            self._guard(connection, pending, pending.tags)

    def _change(
        self,
        connection: Connection,
        pending: Pending,
        statement: Statement,
        parameters: Sequence[Parameters],
        context: ExecutionContext,
    ) -> None:
        pending.is_alone = commits_each(connection)
        asking = None if pending.is_alone else _asking(connection, pending)
        write_set = self._writes.write_set(statement, parameters, connection.dialect, asking)
        pending.begin(write_set, context)
        may_commit = _may_commit(connection, statement)
        # After that, text can no longer tell whether its transaction goes on.
        pending.may_be_alone |= pending.in_text and may_commit
        if pending.is_alone or pending.may_be_alone or may_commit:
            takes_writes = not statement.is_prepared
            self._guard(connection, pending, pending.tags, takes_writes=takes_writes)
        elif pending.is_committing:
            # Another listener of the commit has come after us and writes something more.
            self._guard(connection, pending, pending.tags)
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
            _learn(pending.write_set, cursor, _asking(connection, pending), many=executemany)
        self._transact(connection, pending, statement)

    def _transact(self, connection: Connection, pending: Pending, statement: Statement) -> None:
        """Follow what a statement that has run did to the transaction."""
        if not pending.is_committing:
            self._release(pending)
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
            self._guard(connection, pending, pending.tags)
            self._end(pending)

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
            write_set.keyed(_collected_keys(result, write_set))

    def _failed(self, failure: ExceptionContext) -> None:
        connection = failure.connection
        if connection is not None and not connection.invalidated and not connection.closed:
            pending = pending_of(connection)
            # A deadlock ends the whole transaction.
            pending.may_be_alone |= pending.in_text
            self._release(pending)


@contextmanager
def _own(pending: Pending) -> Iterator[None]:
    """Statements of the cache itself."""
    pending.is_own = True
    try:
        yield
    finally:
        pending.is_own = False


def _understood(
    connection: Connection, sql: str, parameters: Any, context: ExecutionContext | None
) -> Statement:
    text = sql
    if context is not None and _is_batched(context) and context.statement is not None:
        text = context.statement  # one row of it, not the batch
    no_parameters = not parameters and bool(getattr(context, "no_parameters", False))
    return understand(text, GRAMMARS[connection.dialect.name], formatted=not no_parameters)


def _parameter_sets(
    parameters: Any, context: ExecutionContext | None, *, executemany: bool
) -> Sequence[Parameters]:
    if context is not None and _is_batched(context):
        return list(context.parameters)
    if executemany:
        return list(parameters)
    return [parameters if parameters is not None else ()]


def _may_commit(connection: Connection, statement: Statement) -> bool:
    return statement.kind in _COMMITTING and connection.dialect.name != "sqlite"


def _is_batched(context: ExecutionContext) -> bool:
    return context.execute_style is ExecuteStyle.INSERTMANYVALUES


def _count(connection: Connection, pending: Pending, statement: Statement) -> None:
    if statement.alters:
        mark_altered(connection.info)
    if statement.kind is StatementKind.SETTING:
        forget_isolation(connection.info)
    if statement.kind not in {
        StatementKind.BEGIN,
        StatementKind.SAVEPOINT,
        StatementKind.RELEASE,
        StatementKind.ROLLBACK_TO,
    }:
        pending.statements += 1


def _asking(connection: Connection, pending: Pending) -> Asking:
    driver: Any = connection.connection.dbapi_connection
    return Asking(driver, connection.dialect, holds_lock=bool(pending))


def _learn(write_set: WriteSet, cursor: Any, asking: Asking, *, many: bool) -> None:
    """Take into account what the driver knows of a write that has run."""
    if write_set.generated is not None and write_set.inserted == 1 and not many:
        key = cursor.lastrowid or (asking.last_id() if write_set.returning else None)
        write_set.keyed([key] if isinstance(key, int) else [])
    if not many or not write_set.returning:
        write_set.counted(cursor.rowcount)


def _collected_keys(result: Any, write_set: WriteSet) -> list[int]:
    """The generated keys among the rows that a batch of inserts returned.

    SQLAlchemy keeps them for the result that the application reads, which can be read but once.
    Should a later version keep them elsewhere, the whole table counts as changed.
    """
    rows: Iterable[Sequence[Any]] = getattr(result.context, "_insertmanyvalues_rows", None) or ()
    returned = getattr(result.context.compiled, "effective_returning", None) or ()
    names = [getattr(column, "name", None) for column in returned]
    column = write_set.generated
    if column is None or column.name not in names:
        return []
    place = names.index(column.name)
    return [row[place] for row in rows]
