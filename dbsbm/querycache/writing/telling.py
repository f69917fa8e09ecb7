"""Telling the cache: before a commit that values are about to change, after it that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from dbsbm.querycache.tags import TagSet

GUARD_FOR: Final = timedelta(seconds=30)
"""How long nothing that depends on a change is stored if its writer dies before it reports back."""


class Invalidator(Protocol):
    """The part of `dbsbm.cache.cache.Cache` that a writer needs."""

    def guard(self, tags: Sequence[str], *, for_ms: int) -> Any | None:
        """Invalidate tags, and let nothing that depends on them be stored until the release."""

    def release(self, token: Any, tags: Sequence[str]) -> bool:
        """Invalidate guarded tags again and end the guard."""

    def invalidate_tags(self, *tags: str) -> bool:
        """Invalidate tags; False where the server could not be told yet."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """What the cache was told before a commit.

    Attributes:
        tags: Of what the commit changes.
        token: Of the guard; None where there is none.
        is_owed: The server could not be told.
    """

    tags: tuple[str, ...]
    token: Any | None
    is_owed: bool = False


class Telling:
    """Tells a cache of changes.

    Args:
        cache: Told.
        guard_for: See `GUARD_FOR`; longer than any commit takes.
    """

    def __init__(self, cache: Invalidator, guard_for: timedelta = GUARD_FOR) -> None:
        self._cache = cache
        self._guard_ms = int(guard_for.total_seconds() * 1_000)

    def before(self, tags: TagSet) -> Guarded:
        """Tell of changes that are about to be committed."""
        names = tuple(tags)
        token = self._guard(names)
        if token is not None:
            return Guarded(names, token)
        # A cache without a server has nothing to be told, and confirms it.
        if not self._cache.invalidate_tags(*names):
            return Guarded(names, None, is_owed=True)
        return Guarded(names, self._guard(names))

    def _guard(self, names: tuple[str, ...]) -> Any | None:
        return self._cache.guard(names, for_ms=self._guard_ms)

    def after(self, guarded: Guarded) -> bool:
        """Tell that the commit is over, however it ended.

        Whatever was owed may have been paid between the guard and the commit, and an old value
        been stored since: without a guard the tags are invalidated, or owed, once more.

        Returns:
            True if the server has confirmed it.
        """
        if guarded.token is None:
            return self._cache.invalidate_tags(*guarded.tags)
        return self._cache.release(guarded.token, guarded.tags)
