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
    """Reads boards through the cache, and fills the cache from the database."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache

    def games(self, league: str) -> list[dict[str, Any]]:
        """The league's games from 12 hours back to 3 days ahead, by start."""
        board: list[dict[str, Any]] = self._cache.get_or_load(
            games_key(league), lambda: self._read(lambda session: _load_games(session, league))
        )
        return board

    def warm_leagues(self) -> int:
        """Put the list of leagues into the cache; returns keys written."""
        return int(self._cache.set(LEAGUES_KEY, self._read(_load_leagues)))

    def warm_games(self, league: str) -> int:
        """Put a league's board into the cache; returns keys written."""
        board = self._read(lambda session: _load_games(session, league))
        return int(self._cache.set(games_key(league), board))

    def warm_teams(self, league: str) -> int:
        """Put a league's teams into the cache; returns keys written."""
        teams = self._read(lambda session: _load_teams(session, league))
        return int(self._cache.set(teams_key(league), teams))

    def _read(self, load: Any) -> Any:
        with self._database.read() as session:
            return load(session)


def _load_leagues(session: Session) -> list[dict[str, Any]]:
    rows = session.scalars(select(League).order_by(League.name))
    return [{"key": row.key, "name": row.name, "sport": row.sport} for row in rows]


def _load_teams(session: Session, league: str) -> list[dict[str, Any]]:
    rows = session.scalars(select(Team).where(Team.league_key == league).order_by(Team.name))
    return [{"id": row.id, "name": row.name, "abbreviation": row.abbreviation} for row in rows]


def _load_games(session: Session, league: str) -> list[dict[str, Any]]:
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
