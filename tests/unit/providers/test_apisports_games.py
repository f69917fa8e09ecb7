from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dbsbm.providers.apisports.adapter import FAMILIES
from dbsbm.providers.fields import Unreadable
from dbsbm.providers.leagues import LEAGUES
from dbsbm.providers.model import GameRow
from tests.unit.providers.apisports_shapes import fixture, flat, innings, nested, quarters

STARTS_AT = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)


def parse(league: str, item: dict[str, Any]) -> GameRow:
    return FAMILIES[LEAGUES[league].sport].game(item, LEAGUES[league])


def test_soccer_is_graded_on_90_minutes_and_never_on_goals() -> None:
    game = parse("epl", fixture("AET", elapsed=120, goals=(3, 2), fulltime=(2, 2)))

    assert (game.status, game.detail) == ("final", "Final/ET")
    assert (game.home_score, game.away_score) == (3, 2)
    assert (game.regulation_home_score, game.regulation_away_score) == (2, 2)


def test_a_running_soccer_game_has_no_regulation_score_yet() -> None:
    game = parse("epl", fixture("2H", elapsed=62, goals=(1, 0), fulltime=(1, 0)))

    assert (game.status, game.detail) == ("live", "2H 62'")
    assert game.regulation_home_score is None


def test_basketball_scores_are_totals() -> None:
    scores = {"home": quarters(116), "away": quarters(97)}

    game = parse("nba", flat("Q3", scores, timer="4:05"))

    assert (game.home_score, game.away_score, game.detail) == (116, 97, "Q3 4:05")
    assert game.starts_at == STARTS_AT
    assert game.provider_game_id == "1911"


def test_american_football_keeps_its_facts_one_level_deeper() -> None:
    game = parse("nfl", nested("FT", "Finished", 35, 10))

    assert (game.provider_game_id, game.status, game.starts_at) == ("13457", "final", STARTS_AT)
    assert (game.home_score, game.away_score) == (35, 10)


def test_a_finished_game_is_known_by_its_words_where_its_code_is_new() -> None:
    assert parse("nfl", nested("FINOT", "Final/OT", 35, 32)).status == "final"
    assert parse("nfl", nested("XX", "Under Review", 35, 32)).status == "unknown"


def test_hockey_scores_are_bare_numbers() -> None:
    game = parse("nhl", flat("AP", {"home": 3, "away": 2}))

    assert (game.status, game.home_score, game.away_score) == ("final", 3, 2)
    assert game.detail == "Final/SO"


def test_hockey_scores_that_came_as_an_object_do_not_break_the_row() -> None:
    game = parse("nhl", flat("FT", {"home": {"total": 3}, "away": {"total": 2}}))

    assert (game.status, game.home_score) == ("unknown", None)


@pytest.mark.parametrize(("played", "shortened"), [(6, True), (9, False)])
def test_a_baseball_game_without_a_ninth_inning_was_shortened(played: int, shortened: bool) -> None:
    scores = {"home": innings(4, played), "away": innings(1, played)}

    game = parse("mlb", flat("FT", scores))

    assert (game.home_score, game.away_score, game.shortened) == (4, 1, shortened)


def test_a_ninth_inning_that_the_home_team_did_not_need_shortens_nothing() -> None:
    scores = {"home": innings(4, 8), "away": innings(1, 9)}

    assert not parse("mlb", flat("FT", scores)).shortened


def test_a_provider_that_lists_no_innings_shortens_nothing() -> None:
    scores = {"home": {"total": 4}, "away": {"total": 1}}

    assert not parse("mlb", flat("FT", scores)).shortened


@pytest.mark.parametrize(
    ("short", "status"),
    [
        *((code, "scheduled") for code in ("NS", "TBD")),
        *((code, "live") for code in ("1H", "HT", "ET", "P", "BT", "LIVE", "IN1", "IN12", "P3")),
        *((code, "final") for code in ("FT", "AET", "PEN", "AOT", "AP")),
        *((code, "postponed") for code in ("PST", "POST")),
        *((code, "canceled") for code in ("CANC", "ABD", "AWD", "WO", "AW")),
        *((code, "suspended") for code in ("SUSP", "INT", "INTR")),
        ("???", "unknown"),
        ("", "unknown"),
    ],
)
def test_every_known_code_has_a_status(short: str, status: str) -> None:
    assert parse("epl", fixture(short, goals=(1, 0), fulltime=(1, 0))).status == status


@pytest.mark.parametrize("short", ["NS", "PST", "CANC"])
def test_a_game_that_is_not_played_has_no_score(short: str) -> None:
    game = parse("epl", fixture(short, goals=(0, 0), fulltime=(0, 0)))

    assert (game.home_score, game.regulation_home_score) == (None, None)


def test_a_final_without_its_points_is_not_final_yet() -> None:
    assert parse("epl", fixture("FT", goals=(None, 1))).status == "unknown"


@pytest.mark.parametrize("missing", ["fixture", "teams"])
def test_a_game_without_what_a_row_needs_is_unreadable(missing: str) -> None:
    item = fixture()
    del item[missing]

    with pytest.raises(Unreadable):
        parse("epl", item)


def test_an_american_football_date_without_its_timestamp_is_not_guessed() -> None:
    item = nested("NS", "Not Started", None, None)
    del item["game"]["date"]["timestamp"]

    with pytest.raises(Unreadable, match="start"):
        parse("nfl", item)
