"""What a provider says in the course of a day of games: who plays, and how it stands by now.

Games begin and end as the day goes. Between, the clock of each that is on moves with every answer,
and points come as often as they do in its league.
"""

from __future__ import annotations

import random
from bisect import bisect
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dbsbm.providers.model import GameRow, LeagueRow, TeamRow

LEAGUES = {"nfl": "football", "nba": "basketball", "mlb": "baseball", "nhl": "hockey"}
PAST_GAMES = 64
_PROVIDER = "bench"
_TEAMS = 30
_LENGTH = timedelta(hours=3)
_SCORES = {"nfl": 9, "nba": 110, "mlb": 8, "nhl": 6}
"""How often the score of a game changes."""


@dataclass(frozen=True, slots=True)
class _Planned:
    number: int
    league: str
    home: TeamRow
    away: TeamRow
    starts_at: datetime
    scores_at: tuple[timedelta, ...]

    def row(self, now: datetime) -> GameRow:
        """Return what a provider says of it at some moment."""
        passed = now - self.starts_at
        game = GameRow(
            provider=_PROVIDER,
            provider_game_id=str(self.number),
            league=self.league,
            home=self.home,
            away=self.away,
            starts_at=self.starts_at,
            status="scheduled",
        )
        if passed < timedelta(0):
            return game
        points = bisect(self.scores_at, passed)
        on = replace(game, home_score=points - points // 3, away_score=points // 3)
        if passed >= _LENGTH:
            return replace(on, status="final", detail="Final")
        return replace(on, status="live", detail=f"{passed.seconds // 60} min")


class Slate:
    """The games of a day, and of the two months before it.

    Args:
        morning: When the day begins.
        games: How many are on, or begin within 40 hours; some began two hours before.
        seed: Of all that is random.
    """

    def __init__(self, morning: datetime, games: int, seed: int) -> None:
        self._random = random.Random(seed)
        starts = [morning - timedelta(days=self._random.uniform(2, 60)) for _ in range(PAST_GAMES)]
        minutes = (self._random.randrange(-120, 2400) for _ in range(games))
        starts += [morning + timedelta(minutes=minute) for minute in minutes]
        self._games = [self._planned(number, at) for number, at in enumerate(starts)]

    def league(self, key: str) -> LeagueRow:
        """Return what the provider says of a league."""
        return LeagueRow(_PROVIDER, key, key, key.upper(), LEAGUES[key], "USA", "2026")

    def rows(self, league: str, now: datetime, since: datetime | None = None) -> list[GameRow]:
        """Return what the provider says of a league's games, of those alone that begin later."""
        games = (game for game in self._games if game.league == league)
        return [game.row(now) for game in games if since is None or game.starts_at > since]

    def is_on(self, league: str, now: datetime) -> bool:
        """Tell whether a game is on, begins within ten minutes, or has just ended."""
        soon = timedelta(minutes=10)
        starts = (game.starts_at for game in self._games if game.league == league)
        return any(start - soon <= now <= start + _LENGTH + soon for start in starts)

    def _planned(self, number: int, starts_at: datetime) -> _Planned:
        league = list(LEAGUES)[number % len(LEAGUES)]
        home, away = self._random.sample(range(_TEAMS), 2)
        times = sorted(self._random.uniform(0, 1) for _ in range(_SCORES[league]))
        scores_at = tuple(_LENGTH * time for time in times)
        return _Planned(
            number, league, _team(league, home), _team(league, away), starts_at, scores_at
        )


def _team(league: str, number: int) -> TeamRow:
    return TeamRow(_PROVIDER, f"{league}-{number}", f"{league.upper()} Team {number}", f"T{number}")
