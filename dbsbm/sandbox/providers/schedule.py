"""The season: the same games for the same day, whoever asks and whenever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Literal

from dbsbm.sandbox.providers.teams import Team
from dbsbm.sandbox.providers.world import LEAGUES, League, Sport

_EPOCH = date(2020, 1, 1).toordinal()
_CALLED_OFF_SHARE = 0.04
Fate = Literal["played", "postponed", "canceled"]


@dataclass(frozen=True, slots=True)
class Game:
    """A game of the calendar.

    Attributes:
        number: Unique within the sport, and the seed of everything that happens in it.
    """

    number: int
    league: League
    home: Team
    away: Team
    starts_at: datetime
    fate: Fate

    @property
    def seed(self) -> str:
        """What makes the game's chances its own."""
        return f"{self.league.key} {self.number}"


@lru_cache(maxsize=256)
def games_on(league: League, day: date) -> tuple[Game, ...]:
    """Return the games of a league that start on a UTC day, by start."""
    chance = Random(f"{league.key} {day}")  # noqa: S311 - a calendar, not a secret
    drawn = list(league.teams)
    chance.shuffle(drawn)
    games: list[Game] = []
    for place, starts in enumerate(league.starts):
        home, away = drawn[2 * place], drawn[2 * place + 1]
        for minutes in starts if isinstance(starts, tuple) else (starts,):
            number = (day.toordinal() - _EPOCH) * 1000 + league.number * 100 + len(games)
            start = datetime.combine(day, time(), UTC) + timedelta(minutes=minutes)
            games.append(Game(number, league, home, away, start, _fate(league, chance)))
    return tuple(sorted(games, key=lambda game: (game.starts_at, game.number)))


def _fate(league: League, chance: Random) -> Fate:
    if league.always_on or chance.random() >= _CALLED_OFF_SHARE:
        return "played"
    return chance.choice(("postponed", "canceled"))


def games_between(league: League, first: datetime, last: datetime) -> list[Game]:
    """Return the games of a league that start in [first, last)."""
    day, games = first.astimezone(UTC).date(), list[Game]()
    while day <= last.astimezone(UTC).date():
        games += (game for game in games_on(league, day) if first <= game.starts_at < last)
        day += timedelta(days=1)
    return games


def find_game(sport: Sport, number: int) -> Game | None:
    """Return the game of a sport by its number."""
    try:
        day = date.fromordinal(_EPOCH + number // 1000)
    except (ValueError, OverflowError):
        return None
    of_day = (game for league in LEAGUES if league.sport == sport for game in games_on(league, day))
    return next((game for game in of_day if game.number == number), None)
