"""The engine, and the one way to run a transaction."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy import Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from dbsbm.db.outbox import committed_effects
from dbsbm.errors import ConfigError, TransientError

log = logging.getLogger(__name__)
T = TypeVar("T")

# MySQL: lock wait timeout, deadlock, and "savepoint does not exist", which is how a deadlock within
# a savepoint ends: it took the savepoint along. SQLite says "locked" or "busy".
_RETRIABLE_CODES = {1205, 1213, 1305}
_ATTEMPTS = 4


class Database:
    """A pool of connections and the transactions that run on it.

    Opens no connection until the first transaction. Build one in each process, never before a
    fork: a connection shared by two processes mixes up their answers.
    """

    def __init__(
        self,
        url: SecretStr,
        *,
        pool_size: int = 5,
        max_overflow: int = 5,
        pool_timeout: float = 5.0,
        pool: type[QueuePool] | None = None,
        on_commit: Callable[[list[tuple[int, str, str]]], None] | None = None,
    ) -> None:
        """Describe the database.

        Args:
            url: SQLAlchemy address.
            pool_size: Connections kept open.
            max_overflow: Connections beyond that.
            pool_timeout: Seconds to wait for a free one.
            pool: The class of the pool, for one that measures.
            on_commit: Told of the effects (id, task, trace id) of each committed transaction.
        """
        self.engine = _engine(
            url,
            {
                "pool_size": pool_size,
                "max_overflow": max_overflow,
                "pool_timeout": pool_timeout,
                "poolclass": pool or QueuePool,
                "hide_parameters": True,  # values never reach an exception's text
            },
        )
        self._on_commit = on_commit
        # A write takes SQLite's lock at BEGIN: upgrading a read later fails instead of waiting.
        self._write = sessionmaker(
            self.engine.execution_options(dbsbm_begin="BEGIN IMMEDIATE"), expire_on_commit=False
        )
        self._read = sessionmaker(self.engine, expire_on_commit=False)

    @property
    def dialect(self) -> str:
        """`mysql`, `mariadb` or `sqlite`."""
        return self.engine.dialect.name

    @property
    def sessions(self) -> tuple[sessionmaker[Session], ...]:
        """What makes the sessions of every transaction, for what watches or serves them."""
        return self._write, self._read

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction and commit; effects go out after the commit.

        `work` is run again after a deadlock or where another process inserted the same unique key
        in the same moment, so it must not do anything but use its session.

        Raises:
            TransientError: The database is away, or the conflict did not end.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._session(self._write) as session:
                    result = work(session)
                    session.commit()
                    effects = committed_effects(session)
            except (OperationalError, IntegrityError) as error:
                if attempt == _ATTEMPTS or not _is_conflict(error):
                    raise _translated(error) from error
                time.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311 - jitter, no secret
            else:
                if effects and self._on_commit is not None:
                    self._on_commit(effects)
                return result
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading. Nothing in it is committed.

        Raises:
            TransientError: The database is away.
        """
        try:
            with self._session(self._read) as session:
                yield session
        except (OperationalError, PoolTimeout) as error:
            raise _translated(error) from error

    def dispose(self) -> None:
        """Close every connection of the pool."""
        self.engine.dispose()

    @contextmanager
    def _session(self, factory: sessionmaker[Session]) -> Iterator[Session]:
        try:
            with factory() as session:
                yield session
        except PoolTimeout as error:
            raise _translated(error) from error


def _engine(url: SecretStr, options: dict[str, Any]) -> Engine:
    address = make_url(url.get_secret_value())
    if address.get_backend_name() == "sqlite":
        if not address.database:
            raise ConfigError("DATABASE_URL names no SQLite file: write sqlite:///path/to/file.db.")
        engine = create_engine(address, connect_args={"timeout": 10}, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        address.update_query_dict({"charset": "utf8mb4"}),
        # Under REPEATABLE READ gap locks make unrelated inserts wait for each other.
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_recycle=1800,  # below the servers' usual wait_timeout
        connect_args={
            "connect_timeout": 3,
            "read_timeout": 30,
            "write_timeout": 30,
            # A server that is not strict cuts what does not fit, without an error.
            "init_command": "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL,ONLY_FULL_GROUP_BY'",
        },
        **options,
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("dbsbm_begin", "BEGIN"))


def error_code(error: DBAPIError) -> object:
    """What the driver gives first: the server's number, for SQLite a text; None for nothing."""
    return error.orig.args[0] if error.orig and error.orig.args else None


def _is_conflict(error: DBAPIError) -> bool:
    if isinstance(error, IntegrityError):
        return True
    return error_code(error) in _RETRIABLE_CODES or "locked" in str(error.orig)


def _translated(error: Exception) -> Exception:
    """A fault of the connection is transient; a constraint that stays violated is a bug."""
    if isinstance(error, IntegrityError):
        return error
    code = error_code(error) if isinstance(error, DBAPIError) else None
    what = f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__
    return TransientError(
        f"The database did not answer ({what}): see that it runs, and that DATABASE_URL names it."
    )
