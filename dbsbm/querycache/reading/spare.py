"""A second connection for a moment, beside the caller's, where the pool can spare one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, Engine, QueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.writing.connections import refuse_altered


@contextmanager
def spare_connection(engine: Engine) -> Iterator[Connection]:
    """Open a connection that its pool has at hand.

    Callers hold connections while they ask, so to wait for one could be to wait for each other.

    Raises:
        Refusal: The pool has none, or only one with a state of its own.
    """
    with ExitStack() as stack:
        connection = stack.enter_context(_taken(engine))
        refuse_altered(connection)
        yield connection


def _taken(engine: Engine) -> Connection:
    if not _has_room(engine):
        raise _none_to_spare()
    try:
        return engine.connect()
    except PoolTimeout:  # somebody else took it at the same moment
        raise _none_to_spare() from None


def _has_room(engine: Engine) -> bool:
    pool = engine.pool
    if not isinstance(pool, QueuePool) or pool.checkedin() > 0:
        return True
    most = pool._max_overflow  # noqa: SLF001 - SQLAlchemy tells of it nowhere else
    return most == -1 or pool.overflow() < most


def _none_to_spare() -> Refusal:
    return Refusal(Reason.POOL, "the pool has no second connection to spare")
