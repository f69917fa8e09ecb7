"""Whether the transaction that a query runs in lets it be answered from the cache, and stored.

An answer may be stored only if the database gave it after the tags' stamps were read: then a commit
that it has not seen has changed a stamp, or will. Where each statement sees what is committed when
it begins (READ COMMITTED, AUTOCOMMIT) that is always so. Where the first read of a transaction
takes a snapshot for all that follow (REPEATABLE READ, and SQLite, whose transactions are
SERIALIZABLE), it is so for the first read alone.

By the same rule such a transaction is answered from the cache only until it has a snapshot. An
answer from the cache is never older than the moment of the question. After the snapshot it could be
newer than what the transaction has read, and time would run backwards in it. Until then each answer
is like that of a transaction of its own, and time only moves on.

MySQL's SERIALIZABLE locks what it reads, which an answer from the cache would not; READ UNCOMMITTED
reads what may be rolled back. Neither uses the cache; nor does a transaction that wrote, which sees
what nobody else may see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Engine, StaticPool

from dbsbm.querycache.reading.spare import spare_connection
from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.writing.connections import has_snapshot, isolation, refuse_altered, wrote

_STATEMENT_SEES_ALL: Final = frozenset({"READ COMMITTED", "AUTOCOMMIT"})

_levels: WeakKeyDictionary[Dialect, dict[str | None, str]] = WeakKeyDictionary()


def refuse_isolated(engine: Engine, connection: Connection | None) -> None:
    """Pass over a query whose transaction lets it be answered from the cache, and stored.

    Args:
        engine: Where the query would run.
        connection: Its connection; None if its transaction has none yet.

    Raises:
        Refusal: The transaction does not let it.
    """
    if connection is None:
        _refuse_level(level_of_new(engine), engine.dialect)
        return
    if wrote(connection):
        raise Refusal(Reason.WROTE, "the transaction sees its own changes")
    refuse_unfit(connection)
    level = isolation(connection)
    if level not in _STATEMENT_SEES_ALL and has_snapshot(connection):
        raise Refusal(Reason.SNAPSHOT, f"under {level} the transaction may have its snapshot")


def refuse_unfit(connection: Connection) -> None:
    """Pass over a connection whose answers are those of any other, and of what is committed.

    Raises:
        Refusal: They are not.
    """
    refuse_altered(connection)
    _refuse_level(isolation(connection), connection.dialect)


def _refuse_level(level: str, dialect: Dialect) -> None:
    if level == "READ UNCOMMITTED":
        raise Refusal(Reason.READ_UNCOMMITTED, "it would read what may be rolled back")
    if level == "SERIALIZABLE" and dialect.name != "sqlite":
        raise Refusal(Reason.SERIALIZABLE, "the transaction locks what it reads")


def level_of_new(engine: Engine) -> str:
    """Return the isolation level of an engine's new connections; asks a server once.

    That also makes SQLAlchemy learn the server's version, by which it writes queries: so every
    process writes them the same from the first one on.

    Raises:
        Refusal: It has not been asked yet, and no connection can be spared to ask.
    """
    level = _known_level(engine)
    if level is None:
        with spare_connection(engine) as connection:
            level = connection.get_isolation_level()
        _levels.setdefault(engine.dialect, {})[_wanted(engine)] = level
    return level


def _known_level(engine: Engine) -> str | None:
    if engine.dialect.name == "sqlite":
        return _wanted(engine) or "SERIALIZABLE"
    return _levels.get(engine.dialect, {}).get(_wanted(engine))


def _wanted(engine: Engine) -> str | None:
    wanted: str | None = engine.get_execution_options().get("isolation_level")
    return wanted


@contextmanager
def beside(engine: Engine, own: Callable[[], Connection]) -> Iterator[Connection]:
    """Give a connection for a question of the cache's, so that the caller's gets no snapshot of it.

    It is the caller's own where each statement sees what is committed, or where the pool has no
    other: to give its one connection back would end what its holder has begun.

    Raises:
        Refusal: The pool can spare no other, or what there is has a state of its own.
    """
    is_only = isinstance(engine.pool, StaticPool)
    # Where the level of new connections is not known yet, the caller has one already.
    if is_only or _known_level(engine) in {None, *_STATEMENT_SEES_ALL}:
        connection = own()
        refuse_altered(connection)
        if is_only or isolation(connection) in _STATEMENT_SEES_ALL:
            yield connection
            return
    with spare_connection(engine) as connection:
        yield connection
