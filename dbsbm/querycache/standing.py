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

from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Engine

from dbsbm.querycache.connections import fresh, isolation, refuse_altered, wrote
from dbsbm.querycache.refusals import Reason, Refusal

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
    if level not in _STATEMENT_SEES_ALL and not fresh(connection):
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
    """
    wanted = engine.get_execution_options().get("isolation_level")
    if engine.dialect.name == "sqlite":
        return wanted or "SERIALIZABLE"
    known = _levels.setdefault(engine.dialect, {})
    if wanted not in known:
        with engine.connect() as connection:
            known[wanted] = connection.get_isolation_level()
    return known[wanted]
