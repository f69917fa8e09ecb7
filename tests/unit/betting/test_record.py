from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.betting.grading import LOST, PUSH, VOID, WON, Grade, Result, dead_heat
from dbsbm.betting.odds import Odds
from dbsbm.betting.record import Record, SettledBet, summarize
from tests.unit.betting.strategies import odds, risks

DAY = datetime(2026, 11, 1, tzinfo=UTC)
GRADES = [Grade(r) for r in Result if r is not Result.DEAD_HEAT] + [dead_heat(2)]


def settled(grade: Grade, risk: str = "1", price: str = "2.0", day: int = 0) -> SettledBet:
    made, units = Odds.parse(price), Decimal(risk)
    return SettledBet(
        grade.result, units, grade.profit(units, made), made.decimal, DAY + timedelta(days=day)
    )


def settled_at_length(grade: Grade, risk: Decimal, price: Odds, day: int) -> SettledBet:
    moment = DAY + timedelta(days=day)
    return SettledBet(grade.result, risk, grade.profit(risk, price), price.decimal, moment)


settled_bets = st.builds(
    settled_at_length, st.sampled_from(GRADES), risks, odds, st.integers(0, 400)
)


def test_a_record_sums_up_what_was_settled() -> None:
    record = summarize(
        [
            settled(WON, "2", "1.91", 1),
            settled(LOST, "1", "2.5", 2),
            settled(PUSH, "1", "2.0", 3),
            settled(VOID, "3", "9.0", 4),
            settled(Grade(Result.HALF_WON), "2", "2.0", 5),
        ]
    )
    assert str(record) == "2-1-1"
    assert record.profit == Decimal("1.82")
    assert record.risked == 6
    assert record.roi == Decimal("0.3033")
    assert record.win_rate == Decimal("0.6667")
    assert record.average_odds == Decimal("2.1025")
    assert record.streak == 1


def test_nobody_without_a_settled_bet_has_a_rate() -> None:
    assert summarize([]) == summarize([settled(VOID)]) == Record()
    assert Record().roi is None
    assert Record().win_rate is None


def test_pushes_alone_have_a_return_but_no_win_rate() -> None:
    record = summarize([settled(PUSH)])
    assert (record.roi, record.win_rate, record.streak) == (Decimal(0), None, 0)


@pytest.mark.parametrize(
    ("grades", "streak"),
    [
        ([WON, WON, WON], 3),
        ([WON, LOST, LOST], -2),
        ([LOST, WON, PUSH], 1),
        ([WON, PUSH, VOID, WON], 2),
        ([LOST], -1),
    ],
)
def test_a_streak_is_the_last_run_of_wins_or_losses(grades: list[Grade], streak: int) -> None:
    bets = [settled(grade, day=day) for day, grade in enumerate(grades)]
    assert summarize(bets).streak == streak
    assert summarize(reversed(bets)).streak == streak


@given(st.lists(settled_bets, max_size=20), st.lists(settled_bets, max_size=20))
def test_records_of_two_periods_add_up(first: list[SettledBet], second: list[SettledBet]) -> None:
    one, other, both = summarize(first), summarize(second), summarize(first + second)
    for name in ("wins", "losses", "pushes", "risked", "profit"):
        assert getattr(one, name) + getattr(other, name) == getattr(both, name)


@given(st.lists(settled_bets, min_size=1, max_size=20))
def test_a_record_counts_every_bet_that_was_not_void_once(bets: list[SettledBet]) -> None:
    record = summarize(bets)
    counted = [bet for bet in bets if bet.result is not Result.VOID]
    assert record.wins + record.losses + record.pushes == len(counted)
    assert abs(record.streak) <= max(record.wins, record.losses)
    assert record.roi is None or record.roi >= -1
