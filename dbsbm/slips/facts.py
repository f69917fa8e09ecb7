"""What a slip says, as it stands in the database.

In three parts, so that each is remembered for as long as it is true: a score changes no ticket, and
a bet that is settled no game. Each is pinned to one row, by which the cache knows what changes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from dbsbm.cache.values.cacheable import cacheable, register
from dbsbm.db.models import Bet, BetLeg, Game, Guild, League
from dbsbm.db.models import Team as TeamRow
from dbsbm.slips.model import Team

register(Team, name="slips.team")


@cacheable(name="slips.ticket")
@dataclass(frozen=True, slots=True)
class Ticket:
    """A straight bet and its only leg; the fields are those of `Bet` and `BetLeg`."""

    guild_id: int
    user_id: int
    capper_name: str
    capper_avatar: str | None
    risk: Decimal
    to_win: Decimal
    note: str | None
    state: str
    placed_at: datetime
    game_id: int
    market: str
    side: str
    line: Decimal | None
    odds_american: int
    odds_decimal: Decimal


@cacheable(name="slips.matchup")
@dataclass(frozen=True, slots=True)
class Matchup:
    """A game: who plays, in which league, and when."""

    league: str
    sport: str
    starts_at: datetime
    home: Team
    away: Team


def ticket(session: Session, bet_id: int) -> Ticket | None:
    """Return a bet's ticket; None if there is no such bet."""
    own = (Bet.guild_id, Bet.user_id, Bet.capper_name, Bet.capper_avatar, Bet.risk, Bet.to_win)
    picked = (BetLeg.game_id, BetLeg.market, BetLeg.side, BetLeg.line)
    row = session.execute(
        select(*own, Bet.note, Bet.state, Bet.placed_at, *picked)
        .add_columns(BetLeg.odds_american, BetLeg.odds_decimal)
        .join(BetLeg, BetLeg.bet_id == Bet.id)
        .where(Bet.id == bet_id)
        .order_by(BetLeg.position)
        .limit(1)
    ).one_or_none()
    return None if row is None else Ticket(*row)


def matchup(session: Session, game_id: int) -> Matchup:
    """Return what a slip shows of a game.

    Raises:
        sqlalchemy.exc.NoResultFound: There is no such game.
    """
    home, away = aliased(TeamRow), aliased(TeamRow)
    league, sport, starts_at, *shown = session.execute(
        select(League.name, League.sport, Game.starts_at, *_shown(home), *_shown(away))
        .select_from(Game)
        .join(League, League.key == Game.league_key)
        .join(home, home.id == Game.home_team_id)
        .join(away, away.id == Game.away_team_id)
        .where(Game.id == game_id)
    ).one()
    half = len(shown) // 2
    return Matchup(league, sport, starts_at, Team(*shown[:half]), Team(*shown[half:]))


def odds_format(session: Session, guild_id: int) -> str:
    """Return how a guild writes odds."""
    found = session.scalar(select(Guild.odds_format).where(Guild.id == guild_id))
    return found or "american"


def _shown(team: type[TeamRow]) -> tuple[InstrumentedAttribute[Any], ...]:
    return team.name, team.abbreviation, team.color, team.alternate_color
