"""Pictures of stored bets: from the image cache, or drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.db.engine import Database
from dbsbm.errors import PermanentError
from dbsbm.querycache import QueryCache
from dbsbm.slips import facts
from dbsbm.slips.draw import render
from dbsbm.slips.example import EXAMPLE
from dbsbm.slips.facts import Ticket
from dbsbm.slips.model import StraightSlip, content_key
from dbsbm.slips.theme import DARK

log = logging.getLogger(__name__)
T = TypeVar("T")

AVATAR_TIMEOUT = 1.0
LARGEST_AVATAR = 1 << 20


class Gallery:
    """Draws each slip once, as long as the cache remembers it, and so with what slips say."""

    def __init__(
        self,
        database: Database,
        cache: Cache,
        query_cache: QueryCache,
        *,
        cdn_url: str,
        sandbox: bool,
    ) -> None:
        self._database = database
        self._cache = cache
        self._ticket = query_cache.cached(Category.USER_DATA)(facts.ticket)
        self._matchup = query_cache.cached(Category.GAME_DATA)(facts.matchup)
        self._odds_format = query_cache.cached(Category.GUILD_DATA)(facts.odds_format)
        self._cdn_url = cdn_url
        self._sandbox = sandbox

    def image(self, bet_id: int) -> bytes:
        """The PNG of a bet's slip.

        Raises:
            PermanentError: There is no such bet.
            TransientError: The database is away.
        """
        ticket = self._read(self._ticket, bet_id)
        if ticket is None:
            raise PermanentError(f"There is no bet {bet_id} to draw.")
        slip = self._slip(bet_id, ticket)
        picture: bytes = self._cache.get_or_load(
            Key.of(Category.IMAGE_CACHE, "slip", content_key(slip, DARK.name)),
            lambda: render(slip, DARK),
        )
        return picture

    def warm_guild(self, guild_id: int) -> None:
        """Read what the slips of a guild have in common."""
        self._read(self._odds_format, guild_id)

    def warm_up(self) -> None:
        """Draw a slip for nobody: the first one loads the fonts and takes ten times as long."""
        render(EXAMPLE, DARK)

    def _slip(self, bet_id: int, ticket: Ticket) -> StraightSlip:
        game = self._read(self._matchup, ticket.game_id)
        # The columns hold words, and the slip accepts only those it knows: it checks them itself.
        words: dict[str, Any] = {
            "pick": ticket.side,
            "market": ticket.market,
            "status": ticket.state,
            "odds_format": self._read(self._odds_format, ticket.guild_id),
        }
        return StraightSlip(
            bet_id=bet_id,
            league=game.league,
            sport=game.sport,
            home=game.home,
            away=game.away,
            line=ticket.line,
            odds_american=ticket.odds_american,
            odds_decimal=ticket.odds_decimal,
            risk=ticket.risk,
            to_win=ticket.to_win,
            capper_name=ticket.capper_name,
            capper_avatar=self._avatar(ticket),
            starts_at=game.starts_at,
            placed_at=ticket.placed_at,
            note=ticket.note,
            sandbox=self._sandbox,
            **words,
        )

    def _read(self, function: Callable[..., T], *arguments: object) -> T:
        """Read in a transaction of its own: one that has read before asks no cache on SQLite."""
        with self._database.read() as session:
            return function(session, *arguments)

    def _avatar(self, ticket: Ticket) -> bytes | None:
        """The member's avatar, or None: a slip never waits long for a picture of a face."""
        digest = ticket.capper_avatar
        if digest is None:
            return None
        avatar: bytes = self._cache.get_or_load(
            Key.of(Category.IMAGE_CACHE, "avatar", ticket.user_id, digest),
            lambda: self._fetch_avatar(ticket.user_id, digest),
        )
        return avatar or None

    def _fetch_avatar(self, user_id: int, digest: str) -> bytes:
        address = f"{self._cdn_url}/avatars/{user_id}/{digest}.png"
        try:
            answer = httpx.get(address, params={"size": "128"}, timeout=AVATAR_TIMEOUT)
        except httpx.HTTPError as error:
            log.info("No avatar: %s.", type(error).__name__, extra={"action": "slips.avatar"})
            return b""
        return answer.content if answer.is_success and len(answer.content) < LARGEST_AVATAR else b""
