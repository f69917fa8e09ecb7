from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from dbsbm.commands.grade import Graded, grade_due
from dbsbm.db.engine import Database
from dbsbm.db.models import Bet, LedgerEntry
from tests.integration.commands.at_once import at_once
from tests.integration.db.rows import a_bet, a_game

POSTPONED = {"status": "postponed", "result_version": 1}
DAYS_AGO = datetime.now(UTC) - timedelta(days=2)
FINAL = {"status": "final", "home_score": 3, "away_score": 1, "result_version": 1}


def a_bet_on(database: Database, game: dict[str, Any], **bet: Any) -> int:
    return database.transact(lambda session: a_bet(session, game=a_game(session, **game), **bet).id)


def stored(database: Database, bet_id: int) -> tuple[str, Decimal | None]:
    with database.read() as session:
        bet = session.get_one(Bet, bet_id)
        return bet.state, bet.profit


def net_units(database: Database) -> Decimal:
    with database.read() as session:
        return session.scalar(select(func.sum(LedgerEntry.amount))) or Decimal(0)


def test_a_won_bet_returns_stake_and_profit(database: Database) -> None:
    bet_id = a_bet_on(database, FINAL)
    assert grade_due(database) == Graded(settled=1, waiting=0)
    assert stored(database, bet_id) == ("won", Decimal("1.5"))
    assert net_units(database) == Decimal("2.5")


def test_grading_twice_changes_nothing(database: Database) -> None:
    a_bet_on(database, FINAL)
    grade_due(database)
    assert grade_due(database) == Graded(settled=0, waiting=0)
    assert net_units(database) == Decimal("2.5")


def test_two_graders_at_once_settle_a_bet_once(database: Database) -> None:
    a_bet_on(database, FINAL)
    results = at_once(3, lambda: grade_due(database).settled)
    assert sum(results) == 1
    assert net_units(database) == Decimal("2.5")


@pytest.mark.parametrize(
    ("game", "bet", "state", "profit"),
    [
        (FINAL, {"side": "away"}, "lost", "-1"),
        (FINAL, {"market": "spread", "line": Decimal(-2)}, "push", "0"),
        (FINAL, {"market": "spread", "line": Decimal("-2.25")}, "half_lost", "-0.5"),
        (FINAL, {"market": "total", "side": "over", "line": Decimal("3.5")}, "won", "1.5"),
        ({"status": "canceled", "result_version": 1}, {}, "void", "0"),
        (POSTPONED | {"starts_at": DAYS_AGO}, {}, "void", "0"),
    ],
)
def test_every_result_moves_the_units_it_should(
    database: Database, game: dict[str, Any], bet: dict[str, Any], state: str, profit: str
) -> None:
    bet_id = a_bet_on(database, game, **bet)
    grade_due(database)
    assert stored(database, bet_id) == (state, Decimal(profit))
    assert net_units(database) == 1 + Decimal(profit)


def test_a_bet_goes_with_its_game_when_that_is_put_off_by_a_day(database: Database) -> None:
    bet_id = a_bet_on(database, POSTPONED)
    assert grade_due(database) == Graded(settled=0, waiting=0)
    assert stored(database, bet_id) == ("open", None)


def test_a_soccer_bet_waits_for_the_score_after_90_minutes(database: Database) -> None:
    bet_id = a_bet_on(database, {**FINAL, "sport": "soccer"})
    assert grade_due(database) == Graded(settled=0, waiting=1)
    assert stored(database, bet_id) == ("open", None)


def test_a_bet_on_a_game_that_is_on_stays_open(database: Database) -> None:
    bet_id = a_bet_on(database, {"status": "live", "home_score": 50, "away_score": 0})
    assert grade_due(database) == Graded(settled=0, waiting=0)
    assert stored(database, bet_id) == ("open", None)
