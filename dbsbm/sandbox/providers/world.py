"""The leagues of the sandbox: real addresses on the wire, invented names in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbsbm.sandbox.providers import teams
from dbsbm.sandbox.providers.teams import Team, read_teams

Sport = Literal["football", "basketball", "baseball", "hockey", "soccer"]


@dataclass(frozen=True, slots=True)
class League:
    """A league.

    Attributes:
        number: Place among the sport's leagues; makes game ids unique within the sport only, as
            with the real providers.
        espn_path: ESPN's "sport/league".
        api_id: API-Sports' number within the sport's API.
        starts: Starts of the day's games in minutes after midnight UTC. Two starts in brackets are
            a double header.
        split_season: API-Sports writes the season as "2026-2027".
        knockout: A tie is played on until there is a winner.
        always_on: Games follow each other around the clock, all with odds, none called off.
    """

    key: str
    name: str
    sport: Sport
    country: str
    number: int
    espn_path: str
    api_id: int
    starts: tuple[int | tuple[int, int], ...]
    teams: tuple[Team, ...]
    split_season: bool = False
    knockout: bool = False
    always_on: bool = False


def _at(*times: str) -> tuple[int | tuple[int, int], ...]:
    return tuple(_slot(time) for time in times)


def _slot(times: str) -> int | tuple[int, int]:
    first, _, second = times.partition("+")
    return (_minutes(first), _minutes(second)) if second else _minutes(first)


def _minutes(time: str) -> int:
    hours, minutes = time.split(":")
    return 60 * int(hours) + int(minutes)


LEAGUES = (
    League(
        *("nfl", "Continental Gridiron League", "football", "USA", 1, "football/nfl", 1),
        starts=_at("00:20", "17:00", "17:00", "18:05", "20:25"),
        teams=read_teams(teams.GRIDIRON, first_number=1),
    ),
    League(
        *("nba", "Association of Hoops", "basketball", "USA", 1, "basketball/nba", 12),
        starts=_at(*(f"{hour:02}:00" for hour in range(0, 24, 2))),
        teams=read_teams(teams.HOOPS, first_number=1),
        split_season=True,
        always_on=True,
    ),
    League(
        *("mlb", "Summit Diamond League", "baseball", "USA", 1, "baseball/mlb", 1),
        starts=_at("02:10", "16:10+20:45", "17:40", "20:10", "23:05", "23:40"),
        teams=read_teams(teams.DIAMOND, first_number=1),
    ),
    League(
        *("nhl", "Polar Ice League", "hockey", "USA", 1, "hockey/nhl", 57),
        starts=_at("00:00", "00:30", "03:00", "20:00", "23:00"),
        teams=read_teams(teams.ICE, first_number=1),
    ),
    League(
        *("epl", "Albion First Division", "soccer", "England", 1, "soccer/eng.1", 39),
        starts=_at("12:30", "15:00", "15:00", "15:00", "17:30", "20:00"),
        teams=read_teams(teams.ALBION, first_number=1),
    ),
    League(
        *("mls", "Liga Transcontinental", "soccer", "USA", 2, "soccer/usa.1", 253),
        starts=_at("00:00", "00:30", "01:30", "02:30", "19:00", "21:00"),
        teams=read_teams(teams.TRANSCONTINENTAL, first_number=101),
    ),
    League(
        *("ucl", "Meridian Cup", "soccer", "Europe", 3, "soccer/uefa.champions", 2),
        starts=_at("17:45", "20:00", "20:00", "20:00"),
        teams=read_teams(teams.MERIDIAN, first_number=201),
        knockout=True,
    ),
)

BY_ESPN_PATH = {league.espn_path: league for league in LEAGUES}
