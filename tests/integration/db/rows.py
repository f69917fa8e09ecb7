"""Rows that tests start from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from dbsbm.db.models import Bet, BetLeg, Game, Guild, League, Team


def a_guild(session: Session, **values: Any) -> Guild:
    """A guild; id 1 unless told."""
    now = datetime.now(UTC)
    guild = Guild(**{"id": 1, "name": "Home", "created_at": now, "updated_at": now} | values)
    session.add(guild)
    session.flush()
    return guild


def a_game(session: Session, **values: Any) -> Game:
    """A game of the NFL that starts in two hours, between teams that exist."""
    now = datetime.now(UTC)
    sport = values.pop("sport", "football")
    session.merge(League(key="nfl", name="NFL", sport=sport, updated_at=now))
    session.flush()
    number = values.pop("number", 1)
    teams = [
        Team(
            league_key="nfl",
            team_key=f"{side}{number}",
            name=f"{side.title()} {number}",
            abbreviation=side[:3].upper(),
            updated_at=now,
        )
        for side in ("home", "away")
    ]
    session.add_all(teams)
    session.flush()
    game = Game(
        **{
            "game_key": f"nfl-{number}",
            "league_key": "nfl",
            "home_team_id": teams[0].id,
            "away_team_id": teams[1].id,
            "starts_at": now + timedelta(hours=2),
            "status": "scheduled",
            "odds": [],
            "provider": "espn",
            "provider_game_id": str(number),
            "fetched_at": now,
        }
        | values
    )
    session.add(game)
    session.flush()
    return game


def a_bet(session: Session, *, game: Game | None = None, **values: Any) -> Bet:
    """An open bet on the home team's moneyline: 1 unit at +150."""
    now = datetime.now(UTC)
    guild = session.get(Guild, 1) or a_guild(session)
    leg = {
        "position": 0,
        "game_id": (game or a_game(session)).id,
        "market": "moneyline",
        "side": "home",
        "line": None,
        "odds_american": 150,
        "odds_decimal": Decimal("2.5"),
    }
    leg |= {name: values.pop(name) for name in list(values) if name in leg}
    bet = Bet(
        **{
            "interaction_id": 1000,
            "guild_id": guild.id,
            "user_id": 1,
            "channel_id": 1,
            "capper_name": "Ann",
            "risk": Decimal(1),
            "to_win": Decimal("1.5"),
            "odds_input": "+150",
            "odds_american": 150,
            "odds_decimal": Decimal("2.5"),
            "trace_id": "t",
            "placed_at": now,
        }
        | values,
        legs=[BetLeg(**leg)],
    )
    session.add(bet)
    session.flush()
    return bet
