"""The sandbox's season, and that both adapters read from both wires what happened in it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbsbm.providers.apisports.adapter import FAMILIES
from dbsbm.providers.apisports.odds import odds_by_game
from dbsbm.providers.espn_games import parse_event
from dbsbm.providers.leagues import LEAGUES as CATALOGUE
from dbsbm.providers.model import GameRow
from dbsbm.sandbox.providers import apisports_wire, espn_wire, teams
from dbsbm.sandbox.providers.apisports_games import encode_game
from dbsbm.sandbox.providers.market import BOOKS, american, prices
from dbsbm.sandbox.providers.play import standing
from dbsbm.sandbox.providers.schedule import Game, find_game, games_between, games_on
from dbsbm.sandbox.providers.script import script_of
from dbsbm.sandbox.providers.server import ProviderSandbox
from dbsbm.sandbox.providers.world import LEAGUES

LEAGUE = st.sampled_from(LEAGUES)
DAY = st.dates(date(2026, 1, 1), date(2030, 12, 31))
MOMENT = st.datetimes(
    datetime.fromisoformat("2026-01-01"),
    datetime.fromisoformat("2030-12-31"),
    timezones=st.just(UTC),
)
GAME = st.builds(games_on, LEAGUE, DAY).flatmap(st.sampled_from)
UTC_ZONE = ZoneInfo("UTC")


def sent(body: Any) -> Any:
    return json.loads(json.dumps(body), parse_float=Decimal)


def by_espn(game: Game, now: datetime) -> GameRow:
    day = game.starts_at.astimezone(ZoneInfo("America/New_York")).date()
    events = sent(espn_wire.scoreboard(game.league, day, day, now))["events"]
    league = CATALOGUE[game.league.key]
    rows = [parse_event(event, league) for event in events]
    return next(row for row in rows if row.provider_game_id.endswith(str(game.number)))


def by_apisports(game: Game, now: datetime) -> GameRow:
    league = CATALOGUE[game.league.key]
    return FAMILIES[league.sport].game(sent(encode_game(game, now, UTC_ZONE)), league)


@given(MOMENT)
def test_whatever_the_time_there_is_something_to_bet_on_and_something_to_watch(
    now: datetime,
) -> None:
    always_on = next(league for league in LEAGUES if league.always_on)
    around = games_between(always_on, now - timedelta(hours=6), now + timedelta(hours=12))

    phases = Counter(standing(game, now).phase for game in around)

    assert phases["scheduled"] >= 3
    assert phases["live"] >= 1


@given(LEAGUE, DAY)
def test_no_team_plays_two_opponents_on_a_day(league: Any, day: date) -> None:
    opponents: dict[str, set[str]] = {}
    for game in games_on(league, day):
        opponents.setdefault(game.home.name, set()).add(game.away.name)
        opponents.setdefault(game.away.name, set()).add(game.home.name)

    assert all(len(names) == 1 for names in opponents.values())


def test_baseball_has_double_headers() -> None:
    mlb = next(league for league in LEAGUES if league.key == "mlb")

    pairs = Counter((game.home.name, game.away.name) for game in games_on(mlb, date(2026, 7, 4)))

    assert max(pairs.values()) == 2


@given(GAME)
def test_a_game_is_found_by_its_number(game: Game) -> None:
    assert find_game(game.league.sport, game.number) == game


@settings(max_examples=60)
@given(GAME)
def test_scores_only_grow_and_a_game_ends_as_its_script_says(game: Game) -> None:
    before = (0, 0)
    for minutes in range(-30, 330, 7):
        state = standing(game, game.starts_at + timedelta(minutes=minutes))
        assert state.home >= before[0]
        assert state.away >= before[1]
        before = (state.home, state.away)

    if game.fate == "played":
        assert state.phase == "final"
        assert before == script_of(game).score()
    else:
        assert state.phase == game.fate


@settings(max_examples=60)
@given(GAME, st.integers(-60, 360))
def test_both_wires_tell_the_adapters_the_same_story(game: Game, minutes: int) -> None:
    now = game.starts_at + timedelta(minutes=minutes)
    state = standing(game, now)

    espn, apisports = by_espn(game, now), by_apisports(game, now)

    for row in (espn, apisports):
        assert row.status == state.phase
        assert (row.home.name, row.away.name) == (game.home.name, game.away.name)
        assert row.starts_at == game.starts_at
        seen = state.phase in {"live", "final"}
        assert row.home_score == (state.home if seen else None)
        assert row.away_score == (state.away if seen else None)
        assert not row.shortened
    assert espn.key == apisports.key


@settings(max_examples=40)
@given(DAY)
def test_a_knockout_is_played_to_the_end_and_graded_on_90_minutes(day: date) -> None:
    cup = next(league for league in LEAGUES if league.knockout)
    for game in games_on(cup, day):
        now = game.starts_at + timedelta(hours=5)
        state = standing(game, now)
        if state.phase != "final":
            continue
        assert state.home != state.away or state.shootout is not None
        for row in (by_espn(game, now), by_apisports(game, now)):
            regulation = (row.regulation_home_score, row.regulation_away_score)
            assert regulation == state.regulation


@settings(max_examples=60)
@given(GAME, st.integers(1, 600))
def test_apisports_odds_are_read_as_the_books_printed_them(game: Game, minutes: int) -> None:
    now = game.starts_at - timedelta(minutes=minutes)
    params = {"fixture" if game.league.sport == "soccer" else "game": str(game.number)}
    body = sent(apisports_wire.answer(game.league.sport, "odds", params, now))
    rows = odds_by_game(body["response"], FAMILIES[game.league.sport]).get(str(game.number), ())

    if game.fate != "played":
        assert rows == ()
        return
    asked = prices(game, BOOKS[1], now)
    found = {(row.market, row.side): row for row in rows if row.book == BOOKS[1]}
    assert found["spread", "home"].line == Decimal(str(asked.line))
    assert found["spread", "away"].line == -Decimal(str(asked.line))
    assert found["total", "over"].line == Decimal(str(asked.total))
    assert found["moneyline", "home"].price == Decimal(str(asked.home)).quantize(Decimal("0.0001"))
    assert (("moneyline", "draw") in found) == (game.league.sport == "soccer")


@given(GAME, st.integers(0, 600))
def test_every_book_keeps_a_margin(game: Game, minutes: int) -> None:
    for book in BOOKS:
        asked = prices(game, book, game.starts_at - timedelta(minutes=minutes))
        winner = 1 / asked.home + 1 / asked.away + (1 / asked.draw if asked.draw else 0)
        assert 1.0 < winner < 1.2
        assert 1.0 < 1 / asked.over + 1 / asked.under < 1.2
        assert 1.0 < 1 / asked.home_spread + 1 / asked.away_spread < 1.2


@pytest.mark.parametrize(
    ("price", "printed"), [(2.0, "EVEN"), (1.65, "-155"), (2.35, "+135"), (1.01, "-10000")]
)
def test_prices_are_printed_the_american_way(price: float, printed: str) -> None:
    assert american(price) == printed


def test_teams_are_told_apart_by_name_abbreviation_and_number() -> None:
    for league in LEAGUES:
        size = len(league.teams)
        assert len({team.name for team in league.teams}) == size
        assert len({team.abbreviation for team in league.teams}) == size
        assert len({team.number for team in league.teams}) == size
        assert size >= 2 * len(league.starts)
        assert all(len(team.abbreviation) == 3 for team in league.teams)


def test_teams_do_not_change_from_run_to_run() -> None:
    [lanterns, *_] = teams.read_teams("HCL Harbor City Lanterns", first_number=1)

    assert (lanterns.color, lanterns.rating) == ("3b1c8c", 1526)


def test_some_names_are_written_in_other_alphabets() -> None:
    names = [team.name for league in LEAGUES for team in league.teams]

    assert any(not name.isascii() and name[0].isascii() for name in names)
    assert any("青" in name for name in names)


def test_the_sandbox_stays_on_this_machine_unless_it_is_told_otherwise() -> None:
    with pytest.raises(ValueError, match="loopback"):
        ProviderSandbox(host="0.0.0.0")
    ProviderSandbox(host="0.0.0.0", allow_remote=True)
