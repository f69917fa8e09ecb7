"""Finds choices while a member types: from the cache, never through the queue."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from discord.app_commands import Choice

from bot.offers import GameOffer, LeagueOffer, choices, fits, is_scheduled
from dbsbm.cache import MISS, AsyncCache, Category, Key

log = logging.getLogger(__name__)

# Discord waits three seconds, but a list that comes after the next key press is of no use.
PATIENCE_SECONDS = 1.0
# Every key press asks again: what was read and prepared serves for a while.
KEPT_SECONDS = 10.0
WARM_EVERY_SECONDS = 30.0


class Autocomplete:
    """Offers leagues and games. What is slow or away makes a list empty, never an error.

    Args:
        cache: Holds `league_data` and `game_data`.
        warm: Asks the fleet to fill a category, without waiting.
        clock: Seconds that never go back.
        now: The aware time; games that have started are not offered.
    """

    def __init__(
        self,
        cache: AsyncCache,
        warm: Callable[[Category], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._cache = cache
        self._warm = warm
        self._clock = clock
        self._now = now
        self._loading = asyncio.Lock()
        # Each with the time until which it serves.
        self._leagues: tuple[float, list[LeagueOffer]] = (0.0, [])
        self._games: dict[str, tuple[float, list[GameOffer]]] = {}
        self._warmed: dict[Category, float] = {}

    async def leagues(self, typed: str) -> list[Choice[str]]:
        """The leagues that fit what was typed, by name."""
        return await _in_time(self._fitting_leagues(typed))

    async def games(self, typed: str, league: str | None) -> list[Choice[str]]:
        """The games that fit and can be bet on, by start.

        Args:
            typed: Words of teams, league or day, or the label of a game.
            league: The key of the only league wanted, or None for all.
        """
        return await _in_time(self._fitting_games(typed, league))

    async def _fitting_leagues(self, typed: str) -> list[Choice[str]]:
        async with self._loading:
            return choices(await self._known_leagues(), typed)

    async def _fitting_games(self, typed: str, league: str | None) -> list[Choice[str]]:
        offers: list[GameOffer] = []
        async with self._loading:
            for known in _narrowed(await self._known_leagues(), league):
                offers += await self._known_games(known)
        now = self._now()
        offers = [offer for offer in offers if offer.starts_at > now]
        offers.sort(key=lambda offer: (offer.starts_at, offer.label))
        return choices(offers, typed)

    async def _known_leagues(self) -> list[LeagueOffer]:
        until, offers = self._leagues
        if self._clock() >= until:
            entries = await self._read(Category.LEAGUE_DATA, "leagues")
            offers = sorted(map(LeagueOffer.of, entries), key=lambda o: o.label.casefold())
            self._leagues = (self._until(entries), offers)
        return offers

    async def _known_games(self, league: LeagueOffer) -> list[GameOffer]:
        until, offers = self._games.get(league.value, (0.0, []))
        if self._clock() >= until:
            entries = await self._read(Category.GAME_DATA, "games", league.value)
            offers = [GameOffer.of(league, game) for game in entries if is_scheduled(game)]
            self._games[league.value] = (self._until(entries), offers)
        return offers

    async def _read(self, category: Category, *parts: str) -> list[Any]:
        value = await self._cache.get(Key.of(category, *parts))
        if value is not MISS:
            return list(value)
        now = self._clock()
        if now - self._warmed.get(category, float("-inf")) >= WARM_EVERY_SECONDS:
            self._warmed[category] = now
            self._warm(category)
        return []

    def _until(self, entries: list[Any]) -> float:
        """What is empty may be filled any moment, so it is looked up again."""
        return self._clock() + KEPT_SECONDS if entries else 0.0


def _narrowed(leagues: list[LeagueOffer], league: str | None) -> list[LeagueOffer]:
    """The league that was chosen, or those that fit what was typed instead of choosing."""
    if not league:
        return leagues
    chosen = [offer for offer in leagues if offer.value == league]
    return chosen or [offer for offer in leagues if fits(league, offer)]


async def _in_time(found: Awaitable[list[Choice[str]]]) -> list[Choice[str]]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await found
    except Exception as error:  # noqa: BLE001 - an empty list is the only answer there is
        log.warning(
            "Autocomplete has nothing to offer: %s.",
            type(error).__name__,
            extra={"action": "bot.autocomplete"},
        )
        return []
