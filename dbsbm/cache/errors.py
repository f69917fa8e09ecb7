"""What a caller of the cache can be told by an exception."""

from __future__ import annotations

from dbsbm.errors import DbsbmError, TransientError


class LoadTimeout(TransientError):
    """A load took longer than its caller would wait, and there was no older value to give.

    The load goes on, and what it brings is stored: a later call may find it.
    """


class NotKept(Exception):
    """Raised by a loader that has a value for its caller, but none that may be stored.

    Who raised it knows what it has; for the cache's counts it is no failure.
    """


class RecursiveLoad(DbsbmError):
    """A loader asked the cache for the very value that it was called to load."""
