"""Sessions whose queries may ask for the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, sessionmaker

from dbsbm.querycache.reading.replay import ReplayEngine
from dbsbm.querycache.refusals import Reason, Refusal

SessionTarget = Session | type[Session] | sessionmaker[Any]
"""What makes sessions, or one session."""

BindArguments = dict[str, Any]
"""What `Session.get_bind` chooses a bind by."""

_CONNECTIONS: Final = "dbsbm.querycache.writing.connections"


def track_connections(target: SessionTarget) -> None:
    """Remember which connections the transactions of sessions have, so as to open none to know."""
    for name, listener in _LISTENERS:
        event.listen(target, name, listener)


def untrack_connections(target: SessionTarget) -> None:
    """Undo `track_connections`."""
    for name, listener in _LISTENERS:
        event.remove(target, name, listener)


def bind_of(session: Session, arguments: BindArguments) -> tuple[Engine, Connection | None]:
    """Return a session's engine, and its connection if it has one already.

    Args:
        session: The session.
        arguments: What `Session.get_bind` chooses by; none for the session's only bind.
    """
    bind = session.get_bind(**arguments)
    if isinstance(bind, Connection):
        return bind.engine, bind
    if not session.in_transaction():
        return bind, None
    tracked = session.info.get(_CONNECTIONS)
    if tracked is None:
        return bind, session.connection(bind_arguments=arguments)
    return bind, tracked.get(bind)


def refuse_session(session: Session) -> None:
    """Pass over a query of a session that has nothing to write first.

    Raises:
        Refusal: Its changes are not written yet, and would be, before the query.
    """
    if session.autoflush and (session.new or session.deleted or session.dirty):
        raise Refusal(Reason.PENDING_CHANGES, "the session has changes to write first")


def refuse_changed(session: Session) -> None:
    """Pass over a session whose entities are all as the database has them.

    Raises:
        Refusal: Some were changed, and are read so even where they are not written by themselves.
    """
    if session.new or session.deleted or session.dirty:
        raise Refusal(Reason.PENDING_CHANGES, "the session has changes that are not written")


def refuse_used(asker: object) -> None:
    """Pass over a connection, or a session whose entities are all yet to be loaded.

    Raises:
        Refusal: It has entities, which a query gives back as they were when they were loaded.
    """
    if isinstance(asker, Session):
        refuse_changed(asker)
        if len(asker.identity_map):
            raise Refusal(Reason.USED_SESSION, "the session gives back what it loaded earlier")


def refuse_way(state: ORMExecuteState) -> None:
    """Pass over a query that is executed in the plain way.

    Raises:
        Refusal: It wants its rows as they arrive, or from the database itself.
    """
    writes = state.is_insert or state.is_update or state.is_delete
    if writes or state.is_executemany:
        raise Refusal(Reason.NOT_A_SELECT, "the statement is no SELECT")
    if state.is_column_load:
        raise Refusal(Reason.REFRESH, "what is loaded already is wanted from the database")
    refuse_options(state.execution_options)


def refuse_options(options: Mapping[str, Any]) -> None:
    """Pass over the execution options of a query that is executed in the plain way.

    Raises:
        Refusal: It wants its rows as they arrive, or from the database itself.
    """
    if options.get("yield_per") or options.get("stream_results"):
        raise Refusal(Reason.STREAMING, "the rows are wanted one by one")
    if options.get("no_parameters"):
        raise Refusal(Reason.NOT_UNDERSTOOD, "the driver is to read its text in another way")
    if options.get("populate_existing"):
        raise Refusal(Reason.REFRESH, "what is loaded already is wanted from the database")


def connects(session: Session, arguments: BindArguments) -> Callable[[], Connection]:
    """Return what returns a session's connection."""
    return partial(session.connection, bind_arguments=arguments)


def _begin(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info[_CONNECTIONS] = {}


def _remember(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    tracked = session.info.get(_CONNECTIONS)
    if tracked is not None and not isinstance(connection.engine, ReplayEngine):
        tracked[connection.engine] = connection


def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_CONNECTIONS, None)


_LISTENERS: Final[tuple[tuple[str, Callable[..., None]], ...]] = (
    ("after_transaction_create", _begin),
    ("after_begin", _remember),
    ("after_transaction_end", _forget),
)
