from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import event, func, select

from dbsbm.db.engine import Database
from dbsbm.db.models import Game, Team
from dbsbm.providers.model import GameRow, LeagueRow, OddsRow, TeamRow
from dbsbm.sports.store import store_games, store_league

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
PRICE = OddsRow("book", "moneyline", "home", None, Decimal("1.9091"), "-110")
GAME = GameRow(
    provider="espn",
    provider_game_id="401",
    league="nfl",
    home=TeamRow("espn", "1", "Bodø Bears", "BOD", "112233", "ffffff"),
    away=TeamRow("espn", "2", "Aswan Owls", "ASW"),
    starts_at=START,
    status="scheduled",
    odds=(PRICE,),
)


def store(database: Database, *rows: GameRow) -> None:
    league = LeagueRow("espn", "football/nfl", "nfl", "NFL", "football", "USA", "2026")
    database.transact(lambda session: store_league(session, league))
    database.transact(lambda session: store_games(session, "nfl", rows))


def the_game(database: Database) -> Game:
    with database.read() as session:
        return session.scalars(select(Game)).one()


def test_a_game_is_stored_with_its_teams_and_prices(database: Database) -> None:
    store(database, GAME)
    game = the_game(database)
    assert (game.status, game.starts_at, game.result_version) == ("scheduled", START, 0)
    assert game.odds[0]["odds"] == "1.9091"
    with database.read() as session:
        home = session.get_one(Team, game.home_team_id)
    assert (home.name, home.color, home.team_key) == ("Bodø Bears", "#112233", "bodo bears")


def test_the_same_game_again_is_one_row(database: Database) -> None:
    store(database, GAME)
    store(database, replace(GAME, status="live", home_score=7, away_score=0))
    game = the_game(database)
    assert (game.status, game.home_score) == ("live", 7)


def test_what_a_provider_only_says_again_is_not_written(database: Database) -> None:
    live = replace(GAME, status="live", home_score=7, away_score=0)
    store(database, GAME)
    store(database, live)
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        written.extend(verb for verb in ("UPDATE", "INSERT") if statement.startswith(verb))

    event.listen(database.engine, "before_cursor_execute", note)
    store(database, live)
    assert written == []
    before = the_game(database).fetched_at
    store(database, replace(live, away_score=3))
    assert written == ["UPDATE"]
    assert the_game(database).fetched_at > before


def test_a_moved_start_keeps_the_row_that_bets_point_to(database: Database) -> None:
    store(database, GAME)
    before = the_game(database).id
    store(database, replace(GAME, starts_at=START + timedelta(days=1)))
    after = the_game(database)
    assert (after.id, after.starts_at) == (before, START + timedelta(days=1))


def test_another_provider_finds_the_game_by_its_teams_and_start(database: Database) -> None:
    store(database, GAME)
    other = replace(
        GAME,
        provider="apisports",
        provider_game_id="9",
        home=replace(GAME.home, name="BODO BEARS", color=None),
    )
    store(database, other)
    game = the_game(database)
    assert game.provider == "apisports"
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Team)) == 2
        # A provider without colours does not wipe out those that are known.
        assert session.get_one(Team, game.home_team_id).color == "#112233"


def test_a_double_header_is_two_games(database: Database) -> None:
    second = replace(GAME, provider_game_id="402", starts_at=START + timedelta(hours=4))
    store(database, GAME, second)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Game)) == 2


def test_only_a_changed_result_is_a_new_version(database: Database) -> None:
    final = replace(GAME, status="final", home_score=20, away_score=17)
    versions = []
    for row in (GAME, final, final, replace(final, home_score=21)):
        store(database, row)
        versions.append(the_game(database).result_version)
    assert versions == [0, 1, 1, 2]


def test_an_answer_without_prices_keeps_those_that_are_known(database: Database) -> None:
    store(database, GAME)
    store(database, replace(GAME, odds=()))
    assert len(the_game(database).odds) == 1


def test_a_status_that_nobody_knows_changes_nothing(database: Database) -> None:
    store(database, replace(GAME, status="live"))
    store(database, replace(GAME, status="unknown"))
    assert the_game(database).status == "live"
