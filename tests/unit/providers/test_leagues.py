from __future__ import annotations

from datetime import date

import pytest

from dbsbm.betting.games import SPORT_RULES
from dbsbm.providers.apisports.adapter import FAMILIES
from dbsbm.providers.leagues import LEAGUES


def test_no_two_leagues_share_an_address() -> None:
    assert len({league.espn_path for league in LEAGUES.values()}) == len(LEAGUES)
    assert len({(league.sport, league.apisports_id) for league in LEAGUES.values()}) == len(LEAGUES)


def test_every_league_can_be_graded_and_fetched() -> None:
    for league in LEAGUES.values():
        assert league.sport in SPORT_RULES
        assert league.sport in FAMILIES
        assert league.tz.key == league.zone


@pytest.mark.parametrize(
    ("key", "day", "year"),
    [
        ("nfl", date(2027, 1, 10), 2026),
        ("nfl", date(2026, 9, 10), 2026),
        ("nba", date(2027, 6, 1), 2026),
        ("mlb", date(2026, 3, 1), 2026),
        ("mls", date(2026, 2, 21), 2026),
        ("epl", date(2027, 5, 20), 2026),
    ],
)
def test_a_season_is_named_for_the_year_it_began(key: str, day: date, year: int) -> None:
    assert LEAGUES[key].season_year(day) == year
