"""Games that share teams and start, which is all that our own key is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from dbsbm.db.engine import Database
from dbsbm.db.models import Game
from tests.integration.sports.test_store import GAME, START, store

SECOND = replace(GAME, provider_game_id="402")


def ids(database: Database) -> dict[str, int]:
    """Our id of each game, by the provider's."""
    with database.read() as session:
        return {game.provider_game_id: game.id for game in session.scalars(select(Game))}


def test_a_double_header_whose_second_start_is_not_set_is_two_games(database: Database) -> None:
    store(database, GAME, SECOND)
    stored = ids(database)
    assert len(stored) == 2
    store(database, replace(SECOND, starts_at=START + timedelta(hours=4)), GAME)
    assert ids(database) == stored


def test_a_game_that_comes_twice_in_one_answer_is_stored_once(database: Database) -> None:
    store(database, GAME, replace(GAME, status="live", home_score=3, away_score=0))
    assert list(ids(database)) == ["401"]


def test_the_start_that_a_moved_game_left_can_be_taken_by_another(database: Database) -> None:
    store(database, GAME)
    first = ids(database)["401"]
    moved = replace(GAME, starts_at=START + timedelta(days=1))
    store(database, moved, SECOND)
    assert ids(database) == {"401": first, "402": ids(database)["402"]}
    # Also where the answers of the two days come one by one.
    store(database, SECOND)
    assert ids(database)["401"] == first


def test_a_game_that_its_provider_names_anew_keeps_its_row(database: Database) -> None:
    store(database, GAME)
    first = ids(database)["401"]
    store(database, SECOND)
    assert ids(database) == {"402": first}


def test_one_game_of_another_provider_takes_one_row_of_a_double_header(database: Database) -> None:
    store(database, GAME, SECOND)
    before = ids(database)
    store(
        database,
        replace(GAME, provider="apisports", provider_game_id="8"),
        replace(GAME, provider="apisports", provider_game_id="9"),
    )
    after = ids(database)
    assert after["8"] == before["401"]
    assert len(set(after.values())) == len(after)
