"""Bets on games whose results changed after they were settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update

from dbsbm.commands.grade import Graded, grade_due
from dbsbm.db.engine import Database
from dbsbm.db.models import Game, LedgerEntry
from tests.integration.commands.at_once import at_once
from tests.integration.commands.test_grade import FINAL, a_bet_on, net_units, stored


def change(database: Database, **values: Any) -> None:
    database.transact(lambda s: s.execute(update(Game).values(**values)))


def entries(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(LedgerEntry)) or 0


def test_a_corrected_score_takes_back_what_was_won(database: Database) -> None:
    bet_id = a_bet_on(database, FINAL)
    grade_due(database)
    change(database, home_score=0, result_version=2)
    assert grade_due(database) == Graded(settled=0, waiting=0, corrected=1)
    assert stored(database, bet_id) == ("lost", Decimal(-1))
    assert net_units(database) == 0
    assert grade_due(database) == Graded(settled=0, waiting=0)


def test_a_corrected_score_with_the_same_winner_moves_nothing(database: Database) -> None:
    bet_id = a_bet_on(database, FINAL)
    grade_due(database)
    change(database, home_score=30, result_version=2)
    assert grade_due(database) == Graded(settled=0, waiting=0)
    assert stored(database, bet_id) == ("won", Decimal("1.5"))
    assert entries(database) == 1


def test_a_result_that_is_under_review_moves_nothing_until_it_is_final_again(
    database: Database,
) -> None:
    bet_id = a_bet_on(database, FINAL)
    grade_due(database)
    change(database, status="live", home_score=0)
    assert grade_due(database).corrected == 0
    change(database, status="final", result_version=2)
    assert grade_due(database).corrected == 1
    assert stored(database, bet_id) == ("lost", Decimal(-1))


def test_a_result_that_is_annulled_gives_the_stake_back(database: Database) -> None:
    bet_id = a_bet_on(database, FINAL)
    grade_due(database)
    change(database, status="canceled", home_score=None, away_score=None, result_version=2)
    assert grade_due(database).corrected == 1
    assert stored(database, bet_id) == ("void", Decimal(0))
    assert net_units(database) == 1


@pytest.mark.parametrize("status", ["postponed", "canceled"])
def test_a_void_bet_stays_void_when_the_game_is_played_after_all(
    database: Database, status: str
) -> None:
    days_ago = datetime.now(UTC) - timedelta(days=2)
    game = {"status": status, "starts_at": days_ago, "result_version": 1}
    bet_id = a_bet_on(database, game)
    grade_due(database)
    change(database, status="final", home_score=3, away_score=0, result_version=2)
    assert grade_due(database) == Graded(settled=0, waiting=0)
    assert stored(database, bet_id) == ("void", Decimal(0))


def test_two_graders_at_once_correct_a_bet_once(database: Database) -> None:
    a_bet_on(database, FINAL)
    grade_due(database)
    change(database, home_score=0, result_version=2)
    results = at_once(3, lambda: grade_due(database).corrected)
    assert sum(results) == 1
    assert net_units(database) == 0
