from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from dbsbm.errors import ConfigError
from dbsbm.providers.errors import BadRequest
from dbsbm.providers.guard import Guard
from dbsbm.providers.http import Transport
from dbsbm.providers.leagues import LEAGUES
from dbsbm.providers.model import QuotaState
from dbsbm.providers.registry import Registry, build_registry
from dbsbm.sandbox.providers import ProviderSandbox, SandboxControl, apisports_wire
from dbsbm.sandbox.providers.schedule import games_between
from dbsbm.sandbox.providers.world import LEAGUES as PLAYED
from tests.integration.providers.conftest import NOW, Fleet

DAY = date(2026, 11, 20)
KEYS = [league.key for league in PLAYED]


@pytest.mark.parametrize("key", KEYS)
def test_both_providers_know_the_same_games_by_the_same_keys(providers: Registry, key: str) -> None:
    espn = providers["espn"].games(key, DAY)
    apisports = providers["apisports"].games(key, DAY)

    assert {game.key for game in espn.rows} == {game.key for game in apisports.rows}
    assert len({game.key for game in espn.rows}) == len(espn.rows) >= 3
    assert espn.gaps == apisports.gaps == ()
    zone = LEAGUES[key].tz
    assert {game.starts_at.astimezone(zone).date() for game in espn.rows} == {DAY}


@pytest.mark.parametrize("key", KEYS)
def test_both_providers_agree_on_status_and_score(providers: Registry, key: str) -> None:
    def story(name: str) -> dict[str, tuple[object, ...]]:
        return {
            game.key: (game.status, game.home_score, game.away_score, game.regulation_home_score)
            for game in providers[name].games(key, DAY).rows
        }

    assert story("espn") == story("apisports")


def test_no_game_is_lost_and_none_counted_twice_between_two_days(providers: Registry) -> None:
    days = [DAY + timedelta(days=n) for n in range(-1, 3)]

    found = [game.key for day in days for game in providers["espn"].games("nfl", day).rows]

    zone = LEAGUES["nfl"].tz
    first = datetime.combine(days[0], datetime.min.time(), zone)
    nfl = next(league for league in PLAYED if league.key == "nfl")
    assert len(found) == len(set(found)) == len(games_between(nfl, first, first + timedelta(4)))


@pytest.mark.parametrize("name", ["espn", "apisports"])
@pytest.mark.parametrize("key", KEYS)
def test_games_that_are_still_to_come_have_odds(providers: Registry, name: str, key: str) -> None:
    tomorrow = providers[name].games(key, DAY + timedelta(days=1))
    open_games = [game for game in tomorrow.rows if game.status == "scheduled" and game.odds]

    assert open_games
    for game in open_games:
        by_market = {row.market for row in game.odds}
        assert "moneyline" in by_market
        for row in game.odds:
            assert row.price > 1
            assert (row.line is None) == (row.market == "moneyline")
            assert row.line is None or abs(row.line) % 1 == Decimal("0.5")


def test_leagues_carry_their_season_in_the_providers_notation(providers: Registry) -> None:
    espn = {row.key: row for row in providers["espn"].leagues().rows}
    fetched = providers["apisports"].leagues()
    apisports = {row.key: row for row in fetched.rows}

    assert set(espn) == set(LEAGUES)
    assert set(apisports) == set(KEYS)
    assert (espn["nba"].season, apisports["nba"].season) == ("2026", "2026-2027")
    assert apisports["epl"].season == "2026"
    assert (fetched.cost, fetched.gaps) == (5, ())


def test_teams_are_asked_for_in_the_season_that_the_provider_names(
    providers: Registry, control: SandboxControl
) -> None:
    first, again = (providers["apisports"].teams("nba") for _ in range(2))

    assert len(first.rows) == len(again.rows) == 24
    # The season is looked up once and then known.
    assert (first.cost, again.cost) == (2, 1)


def test_a_season_in_the_wrong_notation_would_have_found_nothing() -> None:
    asked: dict[str, Any] = {"league": "12", "season": "2026"}

    body = apisports_wire.answer("basketball", "teams", asked, NOW)

    assert (body["errors"], body["results"]) == ([], 0)


def test_teams_have_colours_where_the_provider_has_them(providers: Registry) -> None:
    [espn] = [t for t in providers["espn"].teams("mls").rows if t.name == "Étoile de Brévent"]
    [other] = [t for t in providers["apisports"].teams("mls").rows if t.name == espn.name]

    assert espn.abbreviation == other.abbreviation == "BRV"
    assert espn.color is not None
    assert len(espn.color) == 6
    assert other.color is None


def test_leagues_of_one_sport_and_zone_share_one_call(
    providers: Registry, control: SandboxControl
) -> None:
    england = providers["apisports"].games("epl", DAY, with_odds=False)
    cup = providers["apisports"].games("ucl", DAY, with_odds=False)

    assert (england.cost, cup.cost) == (1, 0)
    assert len(cup.rows) == 4
    assert control.calls()["apisports v3.football.api-sports.io/fixtures"] == 1


def test_without_odds_a_days_games_cost_one_call(providers: Registry) -> None:
    fetched = providers["apisports"].games("nfl", DAY, with_odds=False)

    assert fetched.cost == 1
    assert all(game.odds == () for game in fetched.rows)


def test_american_football_asks_for_odds_game_by_game(
    providers: Registry, control: SandboxControl
) -> None:
    fetched = providers["apisports"].games("nfl", DAY)
    upcoming = [game for game in fetched.rows if game.status == "scheduled"]

    assert fetched.cost == 1 + len(upcoming)
    assert all(game.odds for game in upcoming)


def test_odds_are_read_page_by_page(
    providers: Registry, control: SandboxControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apisports_wire, "_ODDS_PAGE", 2)

    fetched = providers["apisports"].games("epl", DAY)
    upcoming = [game for game in fetched.rows if game.status == "scheduled"]

    assert len(upcoming) > 2
    assert all(game.odds for game in upcoming)
    assert control.calls()["apisports v3.football.api-sports.io/odds"] == -(-len(upcoming) // 2)


def test_the_quota_is_read_from_the_headers(providers: Registry, control: SandboxControl) -> None:
    control.set_quota(per_day=100, per_minute=10)

    fetched = providers["apisports"].games("nhl", DAY, with_odds=False)

    assert fetched.quota == QuotaState(100, 99, 10, 9)
    assert providers["espn"].games("nhl", DAY).quota is None


def test_every_call_is_seen_by_the_observer_under_its_template(
    providers: Registry, fleet: Fleet
) -> None:
    providers["espn"].games("epl", DAY)
    providers["apisports"].games("epl", DAY, with_odds=False)

    assert [(r.provider, r.endpoint, r.outcome, r.cost) for r in fleet.records] == [
        ("espn", "{sport}/{league}/scoreboard", "ok", 1),
        ("apisports", "soccer/fixtures", "ok", 1),
    ]


def test_a_game_lives_from_start_to_final(providers: Registry, control: SandboxControl) -> None:
    def statuses() -> dict[str, str]:
        return {game.key: game.status for game in providers["espn"].games("nba", DAY).rows}

    live = [key for key, status in statuses().items() if status == "live"]
    assert live

    now = control.advance(3 * 3600)

    assert now == NOW + timedelta(hours=3)
    after = statuses()
    assert {after[key] for key in live} == {"final"}


@pytest.mark.parametrize("name", ["espn", "apisports"])
def test_a_league_that_we_do_not_know_is_not_asked_for(
    providers: Registry, fleet: Fleet, name: str
) -> None:
    assert not providers[name].covers("curling")
    with pytest.raises(BadRequest, match="curling"):
        providers[name].games("curling", DAY)
    assert fleet.records == []


def test_a_league_that_espn_does_not_know_is_a_refused_question(providers: Registry) -> None:
    with pytest.raises(BadRequest, match="HTTP 400"):
        providers["espn"].games("laliga", DAY)


def test_the_preferred_provider_comes_first(providers: Registry) -> None:
    assert [provider.name for provider in providers.for_league("nba")] == ["espn", "apisports"]
    assert providers.for_league("curling") == ()
    assert len(providers) == 2


@pytest.mark.parametrize(
    ("names", "key", "template", "words"),
    [
        (("espn", "nasdaq"), "k", "https://{host}", "nasdaq"),
        (("apisports",), None, "https://{host}", "APISPORTS_KEY"),
        (("apisports",), " ", "https://{host}", "APISPORTS_KEY"),
        (("apisports",), "k", "https://v3.football", "APISPORTS_BASE_URL"),
    ],
)
def test_a_wrong_configuration_names_the_setting(
    names: tuple[str, ...], key: str | None, template: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        build_registry(
            names,
            guard=Guard(None),
            espn_base_url="http://127.0.0.1:1",
            apisports_base_url=template,
            apisports_key=SecretStr(key) if key else None,
        )


def test_a_transport_serves_many_calls_over_one_connection(sandbox: ProviderSandbox) -> None:
    transport = Transport()
    url = f"{sandbox.espn_url}/apis/site/v2/sports/hockey/nhl/teams"
    answers = [transport.get(url, params={}, headers={}, provider="espn") for _ in range(3)]
    transport.close()

    assert [answer.status for answer in answers] == [200, 200, 200]
