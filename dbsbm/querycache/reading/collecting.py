"""What a function read while it ran: the tags of every query that it made, whoever made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from dbsbm.querycache.refusals import Reason, Refusal

MOST_TAGS: Final = 200
"""Tags of one function's result."""


class Collector:
    """Tags of the queries of one call, and the first reason not to keep its result.

    Attributes:
        refusal: Why the result must not be kept; None if it may.
    """

    def __init__(self) -> None:
        self.refusal: Refusal | None = None
        self._tags: dict[str, None] = {}

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags, in the order in which they came."""
        return tuple(self._tags)

    def add(self, tags: Iterable[str]) -> None:
        """A query was made that depends on these tags."""
        self._tags.update(dict.fromkeys(tags))
        if len(self._tags) > MOST_TAGS:
            self.refuse(Refusal(Reason.TOO_MANY_TAGS, f"it depends on more than {MOST_TAGS} tags"))

    def merge(self, other: Collector) -> None:
        """A call within this one has read, too."""
        self.add(other.tags)
        if other.refusal is not None:
            self.refuse(other.refusal)

    def refuse(self, refusal: Refusal) -> None:
        """A statement was executed after which the result must not be kept."""
        self.refusal = self.refusal or refusal


_current: ContextVar[Collector | None] = ContextVar("dbsbm_querycache_collector", default=None)


def current_collector() -> Collector | None:
    """Return the collector of the call that runs here, if there is one."""
    return _current.get()


def add_tags(tags: Iterable[str]) -> None:
    """Tell the call that runs here, if there is one, what it depends on."""
    collector = _current.get()
    if collector is not None:
        collector.add(tags)


@contextmanager
def collecting() -> Iterator[Collector]:
    """Collect what is read in this context."""
    collector = Collector()
    token = _current.set(collector)
    try:
        yield collector
    finally:
        _current.reset(token)


@contextmanager
def not_collecting() -> Iterator[None]:
    """Leave out what the cache itself reads."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)
