"""Why a query is not cached: said to whoever asks, and counted."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from threading import Lock

from dbsbm.cache.forks import renew_after_fork


class Reason(StrEnum):
    """A kind of refusal. The query is then executed as if nobody had asked for the cache."""

    NOT_ATTACHED = "engine not attached"
    NO_NAME = "database without a name"
    DIALECT = "unknown dialect"
    NOT_A_SELECT = "not a select"
    NOT_UNDERSTOOD = "not understood"
    MANY_STATEMENTS = "several statements"
    FUNCTION = "function"
    VARIABLE = "variable"
    LOCKING = "locking read"
    INTO = "select into"
    SYSTEM_TABLE = "system table"
    TABLE_FUNCTION = "table function"
    PARAMETER = "parameter"
    STREAMING = "streaming"
    REFRESH = "refresh"
    PENDING_CHANGES = "pending changes"
    WROTE = "transaction wrote"
    USED_SESSION = "session with entities"
    SNAPSHOT = "snapshot taken"
    OWN_STATE = "connection with a state of its own"
    POOL = "pool without a spare connection"
    READ_UNCOMMITTED = "read uncommitted"
    SERIALIZABLE = "serializable"
    ARGUMENT = "argument"
    NOTHING_READ = "nothing read"
    TOO_MANY_TAGS = "too many tags"


class Refusal(Exception):
    """A query that must not be cached.

    Attributes:
        reason: What kind of refusal it is.
        detail: What in the query, or around it, is the cause; one clause for people.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class Refusals:
    """How often what was refused. Threads may share it; a forked child begins at zero."""

    def __init__(self) -> None:
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin at zero."""
        self._lock = Lock()
        self._counts: Counter[Reason] = Counter()

    def add(self, refusal: Refusal) -> None:
        """Count a refusal."""
        with self._lock:
            self._counts[refusal.reason] += 1

    def counts(self) -> Counter[Reason]:
        """Return the counts by reason, as a counter of the caller's own."""
        with self._lock:
            return Counter(self._counts)
