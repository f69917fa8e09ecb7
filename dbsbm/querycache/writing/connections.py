"""What state a connection is in."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import IsolationLevel

from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.writing.pending import pending_of

_LEVEL_KEY: Final = "dbsbm.querycache.isolation"
_ALTERED_KEY: Final = "dbsbm.querycache.altered"


def wrote(connection: Connection) -> bool:
    """Tell whether the transaction on a connection has changed what others do not see yet."""
    return bool(pending_of(connection))


def has_snapshot(connection: Connection) -> bool:
    """Tell whether a statement has run in the transaction on a connection.

    The first one decides what state of the database all others see.
    """
    return pending_of(connection).statements > 0 and not commits_each(connection)


def isolation(connection: Connection) -> IsolationLevel:
    """Return the isolation level of a connection, `AUTOCOMMIT` where each statement is committed.

    The database is asked once for each of its connections.
    """
    if commits_each(connection):
        return "AUTOCOMMIT"
    option: IsolationLevel | None = connection.get_execution_options().get("isolation_level")
    # In a transaction that was begun by text, AUTOCOMMIT is not what holds.
    if option is not None and option != "AUTOCOMMIT":
        return option
    level: IsolationLevel | None = connection.info.get(_LEVEL_KEY)
    if level is None:
        level = connection.info[_LEVEL_KEY] = connection.get_isolation_level()
    return level


def forget_isolation(info: dict[Any, Any]) -> None:
    """The level may have been changed by a statement."""
    info.pop(_LEVEL_KEY, None)


def mark_altered(info: dict[Any, Any]) -> None:
    """Say that a connection has got a state of its own, which it keeps until it is closed."""
    info[_ALTERED_KEY] = True


def refuse_altered(connection: Connection) -> None:
    """Pass over a connection that answers as any other would.

    Raises:
        Refusal: A statement has given it a state of its own.
    """
    if _ALTERED_KEY in connection.info:
        raise Refusal(
            Reason.OWN_STATE,
            "its connection has a temporary table, another database or variables of its own",
        )


def commits_each(connection: Connection) -> bool:
    """Tell whether the next statement is committed with its end."""
    driver: Any = connection.connection.dbapi_connection
    if not connection.dialect.detect_autocommit_setting(driver):
        return False
    if connection.dialect.name == "sqlite":
        return not driver.in_transaction
    return not pending_of(connection).in_text
