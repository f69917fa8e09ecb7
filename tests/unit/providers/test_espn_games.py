from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dbsbm.providers.espn import date_range
from dbsbm.providers.espn_games import parse_event
from dbsbm.providers.fields import Undecided, Unreadable
from dbsbm.providers.leagues import LEAGUES
from dbsbm.providers.model import GameRow
from tests.unit.providers.espn_shapes import FINAL, NEW_ODDS, event, side, status

NFL, MLB, EPL = LEAGUES["nfl"], LEAGUES["mlb"], LEAGUES["epl"]


def soccer_end(name: str, period: int, **score: Any) -> GameRow:
    return parse_event(
        event(
            status(name, "post", completed=True, detail="FT", period=period),
            home=side("home", 1, "Greyfriars", "3", **score),
            away=side("away", 2, "Oakenshaw", "2", **score),
        ),
        EPL,
    )


def test_a_scheduled_game_has_teams_start_and_odds_but_no_score() -> None:
    game = parse_event(event(odds=[NEW_ODDS]), NFL)

    assert (game.home.name, game.away.name) == ("Cinder Falls Embers", "Silver Bay Otters")
    assert (game.home.color, game.home.abbreviation) == ("00264e", "CIN")
    assert game.starts_at == datetime(2026, 9, 11, 20, 25, tzinfo=UTC)
    assert (game.status, game.detail) == ("scheduled", "")
    assert (game.home_score, game.away_score) == (None, None)
    assert len(game.odds) == 7


def test_scores_are_text_and_are_read_as_numbers() -> None:
    live = status("IN_PROGRESS", "in", detail="0:48 - 4th", period=4)

    game = parse_event(
        event(live, home=side("home", 1, "A", "26"), away=side("away", 2, "B", "24")), NFL
    )

    assert (game.status, game.detail) == ("live", "0:48 - 4th")
    assert (game.home_score, game.away_score) == (26, 24)


@pytest.mark.parametrize(
    ("name", "state", "completed", "expected"),
    [
        ("FINAL", "post", True, "final"),
        ("FINAL", "post", False, "unknown"),
        ("END_PERIOD", "in", False, "live"),
        ("HALFTIME", "in", False, "live"),
        ("RAIN_DELAY", "in", False, "live"),
        ("DELAYED", "pre", False, "scheduled"),
        ("POSTPONED", "post", False, "postponed"),
        ("POSTPONED", "post", True, "postponed"),
        ("CANCELED", "post", True, "canceled"),
        ("ABANDONED", "post", True, "canceled"),
        ("FORFEIT", "post", True, "canceled"),
        ("SUSPENDED", "in", False, "suspended"),
        ("SOMETHING_NEW", "post", True, "final"),
        ("SOMETHING_NEW", "odd", False, "unknown"),
    ],
)
def test_only_completed_games_are_final(
    name: str, state: str, completed: bool, expected: str
) -> None:
    game = parse_event(event(status(name, state, completed=completed, period=4)), NFL)

    assert game.status == expected


def test_a_final_without_its_points_is_not_final_yet() -> None:
    game = parse_event(event(FINAL, home=side("home", 1, "A", None)), NFL)

    assert game.status == "unknown"


def test_soccer_after_90_minutes_is_graded_on_the_score() -> None:
    game = soccer_end("FULL_TIME", 2)

    assert (game.regulation_home_score, game.regulation_away_score) == (3, 2)


@pytest.mark.parametrize(("name", "period"), [("FINAL_AET", 4), ("FINAL_PEN", 5), ("FULL_TIME", 4)])
def test_soccer_after_extra_time_is_graded_on_the_two_halves(name: str, period: int) -> None:
    game = soccer_end(name, period, linescores=[{"value": 1}, {"value": 1}, {"value": 0}])

    assert (game.home_score, game.away_score) == (3, 2)
    assert (game.regulation_home_score, game.regulation_away_score) == (2, 2)


def test_soccer_after_extra_time_without_halves_is_left_to_a_person() -> None:
    game = soccer_end("FINAL_AET", 4)

    assert game.status == "final"
    assert (game.regulation_home_score, game.regulation_away_score) == (None, None)


def test_other_sports_have_no_regulation_score() -> None:
    assert parse_event(event(FINAL), NFL).regulation_home_score is None


@pytest.mark.parametrize(("period", "shortened"), [(5, True), (9, False), (11, False)])
def test_a_baseball_game_that_ended_early_is_marked(period: int, shortened: bool) -> None:
    ended = status("FINAL", "post", completed=True, detail="Final", period=period)

    game = parse_event(event(ended, format={"regulation": {"periods": 9}}), MLB)

    assert game.shortened is shortened


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"id": "1"},
        {"id": "1", "competitions": []},
        event(home={"homeAway": "home", "team": {"id": "1"}}),
        event(home={"homeAway": "home", "team": {"displayName": "A"}}),
        event(start="tomorrow"),
        event(start="2026-09-11T20:25") | {"id": "x"},
        event() | {"id": None},
    ],
)
def test_an_event_without_what_a_row_needs_is_unreadable(broken: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        parse_event(broken, NFL)


def test_a_playoff_place_that_is_still_open_is_passed_over() -> None:
    with pytest.raises(Undecided):
        parse_event(event(home=side("home", -2, "TBD")), NFL)


def test_colours_that_are_none_are_dropped() -> None:
    home = side("home", 1, "A")
    home["team"] |= {"color": "none", "alternateColor": None}

    game = parse_event(event(home=home), NFL)

    assert (game.home.color, game.home.alternate_color) == (None, None)


@pytest.mark.parametrize(
    ("day", "zone", "dates"),
    [
        # A US day ends on the next UTC day, and ESPN may mean either.
        (date(2026, 11, 20), "America/New_York", "20261120-20261121"),
        (date(2026, 7, 4), "America/New_York", "20260704-20260705"),
        # A European day begins on the evening before in New York.
        (date(2026, 11, 20), "Europe/London", "20261119-20261120"),
        (date(2026, 3, 8), "America/New_York", "20260308-20260309"),
    ],
)
def test_the_dates_cover_the_day_in_both_readings(day: date, zone: str, dates: str) -> None:
    assert date_range(day, ZoneInfo(zone)) == dates
