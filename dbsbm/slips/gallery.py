"""Pictures of stored bets: from the image cache, or drawn."""

from __future__ import annotations

import logging
from typing import Any

import httpx
from sqlalchemy.orm import Session, joinedload

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.db.engine import Database
from dbsbm.db.models import Bet, BetLeg, Game, Guild
from dbsbm.db.models import Team as TeamRow
from dbsbm.errors import PermanentError
from dbsbm.slips.draw import render
from dbsbm.slips.example import EXAMPLE
from dbsbm.slips.model import StraightSlip, Team, content_key
from dbsbm.slips.theme import DARK

log = logging.getLogger(__name__)

AVATAR_TIMEOUT = 1.0
LARGEST_AVATAR = 1 << 20


class Gallery:
    """Draws each slip once, as long as the cache remembers it."""

    def __init__(self, database: Database, cache: Cache, *, cdn_url: str, sandbox: bool) -> None:
        self._database = database
        self._cache = cache
        self._cdn_url = cdn_url
        self._sandbox = sandbox

    def image(self, bet_id: int) -> bytes:
        """The PNG of a bet's slip.

        Raises:
            PermanentError: There is no such bet.
            TransientError: The database is away.
        """
        with self._database.read() as session:
            bet, odds_format = _load(session, bet_id)
        slip = self._slip(bet, odds_format)
        picture: bytes = self._cache.get_or_load(
            Key.of(Category.IMAGE_CACHE, "slip", content_key(slip, DARK.name)),
            lambda: render(slip, DARK),
        )
        return picture

    def warm_up(self) -> None:
        """Draw a slip for nobody: the first one loads the fonts and takes ten times as long."""
        render(EXAMPLE, DARK)

    def _slip(self, bet: Bet, odds_format: str) -> StraightSlip:
        leg = bet.legs[0]
        # The columns hold words, and the slip accepts only those it knows: it checks them itself.
        words: dict[str, Any] = {
            "pick": leg.side,
            "market": leg.market,
            "status": bet.state,
            "odds_format": odds_format,
        }
        return StraightSlip(
            bet_id=bet.id,
            league=leg.game.league.name,
            sport=leg.game.league.sport,
            home=_team(leg.game.home_team),
            away=_team(leg.game.away_team),
            line=leg.line,
            odds_american=leg.odds_american,
            odds_decimal=leg.odds_decimal,
            risk=bet.risk,
            to_win=bet.to_win,
            capper_name=bet.capper_name,
            capper_avatar=self._avatar(bet),
            starts_at=leg.game.starts_at,
            placed_at=bet.placed_at,
            note=bet.note,
            sandbox=self._sandbox,
            **words,
        )

    def _avatar(self, bet: Bet) -> bytes | None:
        """The member's avatar, or None: a slip never waits long for a picture of a face."""
        if bet.capper_avatar is None:
            return None
        avatar: bytes = self._cache.get_or_load(
            Key.of(Category.IMAGE_CACHE, "avatar", bet.user_id, bet.capper_avatar),
            lambda: self._fetch_avatar(bet.user_id, bet.capper_avatar or ""),
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


def _load(session: Session, bet_id: int) -> tuple[Bet, str]:
    game = joinedload(Bet.legs).joinedload(BetLeg.game)
    bet = session.get(
        Bet,
        bet_id,
        options=[
            game.joinedload(Game.league),
            game.joinedload(Game.home_team),
            game.joinedload(Game.away_team),
        ],
    )
    if bet is None:
        raise PermanentError(f"There is no bet {bet_id} to draw.")
    guild = session.get(Guild, bet.guild_id)
    return bet, guild.odds_format if guild else "american"


def _team(team: TeamRow) -> Team:
    return Team(team.name, team.abbreviation, team.color, team.alternate_color)
