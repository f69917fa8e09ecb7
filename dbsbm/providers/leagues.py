"""The leagues we know by key, and what each provider calls them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from dbsbm.errors import ConfigError

Sport = Literal["football", "basketball", "baseball", "hockey", "soccer"]

_US = "America/New_York"
# One zone for all of Europe: its days differ by an hour at midnight, when nobody kicks off, and
# leagues with the same zone share one call of API-Sports.
_EUROPE = "Europe/London"


@dataclass(frozen=True, slots=True)
class League:
    """A league in our catalogue.

    Attributes:
        zone: Time zone whose calendar days the league's schedule is published in.
        season_starts: Month in which a season begins; it gives the season its year.
        espn_path: ESPN's "sport/league".
        espn_params: Query parameters without which ESPN shows only a part of the league.
        apisports_id: API-Sports' number within the sport's own API.
    """

    key: str
    name: str
    sport: Sport
    country: str
    zone: str
    season_starts: int
    espn_path: str
    apisports_id: int
    espn_params: Mapping[str, str] = field(default_factory=dict)

    @property
    def tz(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.zone)

    def season_year(self, day: date) -> int:
        """Return the year in which the season of `day` began."""
        return day.year if day.month >= self.season_starts else day.year - 1


_ALL = (
    League("nfl", "NFL", "football", "USA", _US, 8, "football/nfl", 1),
    League(
        *("ncaaf", "NCAA Football", "football", "USA", _US, 8, "football/college-football", 2),
        espn_params={"groups": "80"},
    ),
    League("nba", "NBA", "basketball", "USA", _US, 9, "basketball/nba", 12),
    League("wnba", "WNBA", "basketball", "USA", _US, 4, "basketball/wnba", 13),
    League(
        *("ncaab", "NCAA Basketball", "basketball", "USA", _US, 9),
        *("basketball/mens-college-basketball", 116),
        espn_params={"groups": "50"},
    ),
    League("mlb", "MLB", "baseball", "USA", _US, 2, "baseball/mlb", 1),
    League("nhl", "NHL", "hockey", "USA", _US, 9, "hockey/nhl", 57),
    League("mls", "MLS", "soccer", "USA", _US, 1, "soccer/usa.1", 253),
    League("epl", "Premier League", "soccer", "England", _EUROPE, 7, "soccer/eng.1", 39),
    League("laliga", "La Liga", "soccer", "Spain", _EUROPE, 7, "soccer/esp.1", 140),
    League("bundesliga", "Bundesliga", "soccer", "Germany", _EUROPE, 7, "soccer/ger.1", 78),
    League("seriea", "Serie A", "soccer", "Italy", _EUROPE, 7, "soccer/ita.1", 135),
    League("ligue1", "Ligue 1", "soccer", "France", _EUROPE, 7, "soccer/fra.1", 61),
    League("ucl", "Champions League", "soccer", "Europe", _EUROPE, 7, "soccer/uefa.champions", 2),
)

LEAGUES: Mapping[str, League] = MappingProxyType({league.key: league for league in _ALL})
"""Every league of the catalogue by its key."""


def check_leagues(keys: Iterable[str]) -> None:
    """Check what the operator chose.

    Raises:
        ConfigError: A key is not in the catalogue; the text lists those that are.
    """
    unknown = [key for key in keys if key not in LEAGUES]
    if unknown:
        raise ConfigError(f"LEAGUES names {', '.join(unknown)}; choose from: {', '.join(LEAGUES)}.")
