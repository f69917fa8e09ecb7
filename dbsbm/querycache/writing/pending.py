"""What a transaction has changed so far, kept with the driver's connection that it runs on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from dbsbm.querycache.sql.textual import Statement
from dbsbm.querycache.tags import TagSet
from dbsbm.querycache.writing.telling import Guarded
from dbsbm.querycache.writing.write_set import WriteSet

_KEY: Final = "dbsbm.querycache"


class HasInfo(Protocol):
    """A connection, of SQLAlchemy or of its pool."""

    @property
    def info(self) -> dict[Any, Any]:
        """What is kept with the driver's connection."""


@dataclass(slots=True)
class _Level:
    """The changes since a savepoint, or since the transaction began."""

    savepoint: str
    tags: TagSet = field(default_factory=TagSet)


class Pending:
    """The changes of the transaction that runs on a connection.

    Attributes:
        statements: How many statements have run in it that may have read.
        is_own: The statement that runs is the cache's own.
        in_text: The transaction was begun by text on a connection that commits each statement.
        statement: What the statement that runs does.
        write_set: What the statement that runs, or ran last, changes.
        context: The execution it belongs to: one may run several statements.
        is_alone: That statement is committed with its end.
        may_be_alone: So may be each statement, until the transaction that was begun by text ends.
        is_committing: The transaction's own commit has begun.
        guarded: What the cache was told before a commit that is not over.
    """

    def __init__(self) -> None:
        self.statements = 0
        self.is_own = False
        self.in_text = False
        self.is_alone = False
        self.may_be_alone = False
        self.is_committing = False
        self.statement: Statement | None = None
        self.write_set: WriteSet | None = None
        self.context: object = None
        self.guarded: Guarded | None = None
        self._levels = [_Level("")]

    def __bool__(self) -> bool:
        return any(level.tags for level in self._levels) or bool(
            self.write_set and self.write_set.tags
        )

    @property
    def tags(self) -> TagSet:
        """All that has been changed."""
        tags = TagSet()
        for level in self._levels:
            tags.merge(level.tags)
        if self.write_set is not None:
            tags.merge(self.write_set.tags)
        return tags

    def begin(self, write_set: WriteSet, context: object) -> None:
        """A statement that changes something is about to run."""
        self.settle()
        self.write_set, self.context = write_set, context

    def settle(self) -> None:
        """Nothing more will be known of the statement that ran last."""
        if self.write_set is not None:
            self._levels[-1].tags.merge(self.write_set.tags)
        self.write_set = self.context = None

    def save(self, savepoint: str) -> None:
        """A savepoint was made."""
        self.settle()
        self._levels.append(_Level(savepoint))

    def undo(self, savepoint: str) -> None:
        """All changes since a savepoint were undone; the savepoint itself stays."""
        place = self._place(savepoint)
        if place is not None:
            self.write_set = self.context = None
            self._levels[place:] = [_Level(savepoint)]

    def release(self, savepoint: str) -> None:
        """A savepoint was given up; its changes count as those of what surrounds it."""
        self.settle()
        place = self._place(savepoint)
        if place is not None:
            for level in self._levels[place:]:
                self._levels[place - 1].tags.merge(level.tags)
            del self._levels[place:]

    def clear(self) -> None:
        """The transaction is over."""
        self.statements = 0
        self.in_text = self.is_alone = self.may_be_alone = False
        self.write_set = self.context = None
        self._levels = [_Level("")]

    def _place(self, savepoint: str) -> int | None:
        for place in range(len(self._levels) - 1, 0, -1):
            if self._levels[place].savepoint == savepoint:
                return place
        return None


def pending_of(connection: HasInfo) -> Pending:
    """Return the changes of the transaction on a connection, which begin empty."""
    found = connection.info.get(_KEY)
    if not isinstance(found, Pending):
        found = connection.info[_KEY] = Pending()
    return found


def known_pending(info: dict[Any, Any]) -> Pending | None:
    """Return the changes that are kept under a connection's info, if there are."""
    found = info.get(_KEY)
    return found if isinstance(found, Pending) else None


def forget(info: dict[Any, Any]) -> None:
    """Leave nothing behind."""
    info.pop(_KEY, None)
