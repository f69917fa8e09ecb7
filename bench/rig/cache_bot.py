"""The bot's autocomplete in a day that passes faster than the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from bot.autocomplete import Autocomplete
from dbsbm.cache import AsyncCache, Category, Counters


class TypingMembers:
    """Members who type options of a command, on an event loop of their own. A context manager.

    Args:
        open_cache: Opens the bot's cache, on the loop that uses it.
        warm: Fills a category, as the fleet does when the bot asks it to.
    """

    def __init__(
        self, open_cache: Callable[[], AsyncCache], warm: Callable[[Category], None]
    ) -> None:
        self._open_cache = open_cache
        self._warm = warm
        self._now = 0.0

    def __enter__(self) -> Self:
        self._loop = asyncio.Runner().__enter__()
        self._cache = self._loop.run(self._opened())
        self._autocomplete = Autocomplete(self._cache, self._warm, clock=lambda: self._now)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.run(self._cache.close())
        self._loop.close()

    @property
    def counts(self) -> Counters:
        """What the bot's cache has counted."""
        return sum(self._cache.stats.snapshot().values(), Counters())

    def press_key(self, now: float, league: str) -> int:
        """Type in the game of a command at a moment of the day; return how many are offered."""
        self._now = now
        return len(self._loop.run(self._autocomplete.games("", league)))

    async def _opened(self) -> AsyncCache:
        return self._open_cache()
