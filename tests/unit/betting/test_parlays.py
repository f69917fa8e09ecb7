from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.betting.grading import (
    HALF_LOST,
    HALF_WON,
    LOST,
    PUSH,
    VOID,
    WON,
    Grade,
    Result,
    dead_heat,
)
from dbsbm.betting.odds import Odds
from dbsbm.betting.parlays import grade_parlay, parlay_odds
from dbsbm.errors import UserError
from tests.unit.betting.strategies import risks

TWO, THREE, FIFTH = Odds(Decimal(2)), Odds(Decimal(3)), Odds(Decimal("1.2"))
leg_odds = st.builds(Odds, st.decimals(Decimal("1.001"), Decimal(10), places=4))
returned = st.sampled_from([PUSH, VOID])
finished = st.sampled_from([WON, PUSH, VOID, HALF_WON, HALF_LOST, dead_heat(2)])


def test_the_price_of_a_parlay_is_the_product_of_its_legs() -> None:
    assert parlay_odds([TWO, THREE, FIFTH]).decimal == Decimal("7.2")


def test_a_parlay_at_odds_that_cannot_be_stored_is_refused() -> None:
    with pytest.raises(UserError, match="above 1,000,000"):
        parlay_odds([Odds(Decimal(1001))] * 2)


@pytest.mark.parametrize(
    ("grades", "result", "multiplier"),
    [
        ([WON, WON, WON], Result.WON, "7.2"),
        ([WON, VOID, WON], Result.WON, "2.4"),
        ([WON, PUSH, WON], Result.WON, "2.4"),
        ([VOID, VOID, VOID], Result.VOID, "1"),
        ([PUSH, VOID, PUSH], Result.PUSH, "1"),
        ([WON, LOST, WON], Result.LOST, "0"),
        ([VOID, VOID, LOST], Result.LOST, "0"),
        ([WON, LOST, None], Result.LOST, "0"),
        ([HALF_WON, WON, WON], Result.WON, "5.4"),
        ([HALF_LOST, WON, WON], Result.WON, "1.8"),
        ([VOID, VOID, HALF_LOST], Result.HALF_LOST, "0.5"),
        ([WON, VOID, HALF_LOST], Result.PUSH, "1"),
        ([WON, dead_heat(2), VOID], Result.WON, "3"),
    ],
)
def test_a_parlay_is_graded_by_its_legs(
    grades: list[Grade | None], result: Result, multiplier: str
) -> None:
    parlay = grade_parlay(list(zip([TWO, THREE, FIFTH], grades, strict=True)))
    assert parlay is not None
    assert (parlay.result, parlay.multiplier) == (result, Decimal(multiplier))


def test_a_parlay_stays_open_while_a_leg_is_and_none_is_lost() -> None:
    assert grade_parlay([(TWO, WON), (THREE, None)]) is None


@given(st.lists(leg_odds, min_size=2, max_size=5), risks)
def test_a_parlay_that_won_pays_the_price_it_was_sold_at(legs: list[Odds], risk: Decimal) -> None:
    parlay = grade_parlay([(leg, WON) for leg in legs])
    assert parlay is not None
    assert parlay.profit(risk) == WON.profit(risk, parlay_odds(legs))


@given(st.lists(st.tuples(leg_odds, finished), min_size=1, max_size=5), leg_odds, returned)
def test_a_leg_that_was_given_back_changes_nothing_for_the_others(
    legs: list[tuple[Odds, Grade]], price: Odds, back: Grade
) -> None:
    without, with_it = grade_parlay(legs), grade_parlay([*legs, (price, back)])
    assert without is not None
    assert with_it is not None
    assert without.multiplier == with_it.multiplier


@given(st.lists(st.tuples(leg_odds, finished), max_size=5), leg_odds, risks, st.integers(0, 5))
def test_a_lost_leg_loses_the_stake_wherever_it_stands(
    legs: list[tuple[Odds, Grade]], price: Odds, risk: Decimal, place: int
) -> None:
    legs.insert(place, (price, LOST))
    parlay = grade_parlay(legs)
    assert parlay is not None
    assert parlay.profit(risk) == -risk


@given(st.lists(st.tuples(leg_odds, finished), min_size=1, max_size=5), risks)
def test_the_result_of_a_parlay_agrees_with_its_profit(
    legs: list[tuple[Odds, Grade]], risk: Decimal
) -> None:
    parlay = grade_parlay(legs)
    assert parlay is not None
    back = parlay.multiplier
    assert (parlay.result is Result.WON) == (back > 1)
    assert (parlay.result is Result.HALF_LOST) == (0 < back < 1)
    assert (parlay.result in {Result.PUSH, Result.VOID}) == (back == 1)
    assert parlay.profit(risk) >= -risk
