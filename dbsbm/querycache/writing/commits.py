"""Around a commit: what the cache is told before it and after it, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from dbsbm.querycache.tags import TagSet
from dbsbm.querycache.writing.ledger import Ledger
from dbsbm.querycache.writing.pending import Pending, known_pending, pending_of
from dbsbm.querycache.writing.telling import GUARD_FOR, Invalidator, Telling


class Commits:
    """Guards what a commit changes, and releases it afterwards.

    Args:
        cache: Told.
        ledger: The table for debts, see `dbsbm.querycache.writing.ledger`.
        guard_for: How long a guard lasts whose writer dies.
    """

    def __init__(
        self, cache: Invalidator, ledger: Table | None = None, guard_for: timedelta = GUARD_FOR
    ) -> None:
        self._cache = cache
        self._telling = Telling(cache, guard_for)
        self._ledger = Ledger(ledger) if ledger is not None else None
        self._watched: dict[Dialect, tuple[Any, Any]] = {}

    def end(self, pending: Pending) -> None:
        """The transaction is over, and has committed or not."""
        self.release(pending)
        pending.clear()

    def guard(
        self, connection: Connection, pending: Pending, tags: TagSet, *, takes_writes: bool = True
    ) -> None:
        """Tell of a commit, and write down what cannot be told where the transaction takes it.

        One that is prepared takes none: its debt is this process's alone.
        """
        self.release(pending)
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

    def release(self, pending: Pending) -> None:
        """Tell that a commit is over, if one was told of."""
        guarded, pending.guarded = pending.guarded, None
        pending.is_committing = False
        if guarded is not None:
            self._telling.after(guarded)

    def watch(self, dialect: Dialect) -> None:
        """There is no event after a commit, so the dialect's methods that commit are extended."""
        commit, commit_twophase = dialect.do_commit, dialect.do_commit_twophase
        self._watched[dialect] = (commit, commit_twophase)

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
                self.guard(connection, pending, unknown, takes_writes=False)
            with self._commit(pending), _own(pending):
                commit_twophase(connection, xid, is_prepared, recover)

        dialect.do_commit = do_commit  # type: ignore[method-assign]
        dialect.do_commit_twophase = do_commit_twophase  # type: ignore[method-assign]

    def unwatch(self, dialect: Dialect) -> None:
        """Undo `watch`."""
        commit, commit_twophase = self._watched.pop(dialect)
        dialect.do_commit = commit  # type: ignore[method-assign]
        dialect.do_commit_twophase = commit_twophase  # type: ignore[method-assign]

    @contextmanager
    def _commit(self, pending: Pending | None) -> Iterator[None]:
        if pending is None:
            yield
            return
        try:
            yield
        finally:
            # A commit that failed may have happened all the same.
            self.release(pending)
        pending.clear()


@contextmanager
def _own(pending: Pending) -> Iterator[None]:
    """Statements of the cache itself."""
    pending.is_own = True
    try:
        yield
    finally:
        pending.is_own = False
