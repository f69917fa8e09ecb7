"""The board: what members and autocomplete see of a league's games, from the cache."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.db.engine import Database
from dbsbm.db.models import Game, League, Team
from dbsbm.querycache.tags import GLOBAL_TAG, any_tag, scope_tag, table_tag

BACK = timedelta(hours=12)
AHEAD = timedelta(days=3)
MOST_GAMES = 120

LEAGUES_KEY = Key.of(Category.LEAGUE_DATA, "leagues")


def games_key(league: str) -> Key:
    """The cache key of a league's board."""
    return Key.of(Category.GAME_DATA, "games", league)


def teams_key(league: str) -> Key:
    """The cache key of a league's teams."""
    return Key.of(Category.TEAM_DATA, "teams", league)


class Board:
    """Reads boards through the cache, which forgets them when a commit changes what they show."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._leagues = cache.cached(
            Category.LEAGUE_DATA,
            name="leagues",
            tags=[GLOBAL_TAG, table_tag("leagues"), any_tag("leagues")],
        )(self._load_leagues)
        self._games = cache.cached(
            Category.GAME_DATA, name="games", tags=lambda league: _tags(league, "games", "teams")
        )(self._load_games)
        self._teams = cache.cached(
            Category.TEAM_DATA, name="teams", tags=lambda league: _tags(league, "teams")
        )(self._load_teams)

    def games(self, league: str) -> list[dict[str, Any]]:
        """The league's games from 12 hours back to 3 days ahead, by start."""
        return self._games(league)

    def warm_leagues(self) -> int:
        """Load the list of leagues anew; returns keys written."""
        self._leagues.refresh()
        return 1

    def warm_games(self, league: str) -> int:
        """Load a league's board anew; returns keys written."""
        self._games.refresh(league)
        return 1

    def warm_teams(self, league: str) -> int:
        """Load a league's teams anew; returns keys written."""
        self._teams.refresh(league)
        return 1

    def _load_leagues(self) -> list[dict[str, Any]]:
        with self._database.read() as session:
            return _leagues(session)

    def _load_games(self, league: str) -> list[dict[str, Any]]:
        with self._database.read() as session:
            return _games(session, league)

    def _load_teams(self, league: str) -> list[dict[str, Any]]:
        with self._database.read() as session:
            return _teams(session, league)


def _tags(league: str, *tables: str) -> list[str]:
    """What a value depends on that is made of a league's rows in these tables."""
    scope = {"league_key": league}
    own = [tag for table in tables for tag in (table_tag(table), scope_tag(table, scope))]
    return [GLOBAL_TAG, *own]


def _leagues(session: Session) -> list[dict[str, Any]]:
    rows = session.scalars(select(League).order_by(League.name))
    return [{"key": row.key, "name": row.name, "sport": row.sport} for row in rows]


def _teams(session: Session, league: str) -> list[dict[str, Any]]:
    rows = session.scalars(select(Team).where(Team.league_key == league).order_by(Team.name))
    return [{"id": row.id, "name": row.name, "abbreviation": row.abbreviation} for row in rows]


def _games(session: Session, league: str) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    games = session.scalars(
        select(Game)
        .where(
            Game.league_key == league,
            Game.starts_at >= now - BACK,
            Game.starts_at <= now + AHEAD,
        )
        .options(joinedload(Game.home_team), joinedload(Game.away_team))
        .order_by(Game.starts_at, Game.id)
        .limit(MOST_GAMES)
    )
    return [_entry(game) for game in games]


def _entry(game: Game) -> dict[str, Any]:
    return {
        "id": game.id,
        "home": game.home_team.name,
        "away": game.away_team.name,
        "starts_at": game.starts_at,
        "status": game.status,
        "detail": game.detail,
        "home_score": game.home_score,
        "away_score": game.away_score,
        "odds": game.odds,
    }
