"""Loading for the cache with what belongs to the caller: its session, its transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from dbsbm.cache.cache import Cache
from dbsbm.cache.errors import NotKept
from dbsbm.cache.keys import Key

T = TypeVar("T")


class OwnLoad(Generic[T]):
    """A loader that can be asked what became of it.

    Args:
        load: Loads.

    Attributes:
        failed: It raised.
    """

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self.failed = False

    def __call__(self) -> T:
        """Load."""
        try:
            return self._load()
        except BaseException:
            self.failed = True
            raise


def get_or_load(
    cache: Cache,
    key: Key,
    load: Callable[[], T],
    tags: Sequence[str],
    ttl: timedelta | None = None,
) -> T:
    """Return a value of the cache, or what is loaded in the caller's thread and transaction.

    The failure of another caller's load is not this caller's: its session had a fault of its own,
    so this caller loads for itself, past the cache.

    Raises:
        NotKept: The value that was loaded, here or for another caller, must not be kept.
    """
    own = OwnLoad(load)
    try:
        return cache.get_or_load(key, own, ttl=ttl, tags=tags, background=False)
    except NotKept:
        raise
    except Exception:
        if own.failed:
            raise
        return load()
