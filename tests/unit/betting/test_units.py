from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dbsbm.betting.odds import Odds
from dbsbm.betting.units import LIMIT, QUANTUM, StakeMode, UnitRules, stake
from dbsbm.errors import UserError
from tests.unit.betting.strategies import odds, risks

HOUSE = UnitRules()


@pytest.mark.parametrize(
    "text", ["0.5", "1", "1.5", "2.0", "2,5", "3", "3.00", "2u", "1 unit", "1.5 UNITS"]
)
def test_half_units_from_a_half_to_three_are_taken_by_default(text: str) -> None:
    amount = HOUSE.parse(text)
    assert amount == Decimal(text.upper().rstrip("UNITS ").replace(",", "."))
    assert amount.as_tuple().exponent == -4


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0", "go from 0.5 to 3 units, and you asked for 0"),
        ("0.25", "go from 0.5 to 3 units"),
        ("3.5", "go from 0.5 to 3 units, and you asked for 3.5"),
        ("999999999", "go from 0.5 to 3 units"),
        ("1.7", "steps of 0.5 units, and you asked for 1.7. Use 1.5 or 2."),
        ("1.000000001", "Use 1 or 1.5."),
        ("", "cannot read that as an amount"),
        ("-1", "cannot read that as an amount"),
        ("1e1", "cannot read that as an amount"),
        ("nan", "cannot read that as an amount"),
        ("1.5.5", "cannot read that as an amount"),
        ("9" * 10_000, "cannot read that as an amount"),
    ],
)
def test_other_amounts_are_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        HOUSE.parse(text)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_amount(amount: str) -> None:
    with pytest.raises(UserError):
        HOUSE.check(Decimal(amount))


def test_a_step_beyond_the_largest_stake_is_not_proposed() -> None:
    rules = UnitRules(Decimal(1), Decimal("2.25"), Decimal(1))
    with pytest.raises(UserError, match=r"Use 2\.$"):
        rules.check(Decimal("2.2"))


@pytest.mark.parametrize(
    ("minimum", "maximum", "step"),
    [
        ("2", "1", "1"),
        ("0", "1", "1"),
        ("1", "2", "0"),
        ("-1", "2", "1"),
        ("1", "NaN", "1"),
        ("1", "2", "0.00001"),
        ("1", "100000000", "1"),
    ],
)
def test_a_guild_cannot_set_rules_that_make_no_sense(minimum: str, maximum: str, step: str) -> None:
    with pytest.raises(UserError):
        UnitRules(Decimal(minimum), Decimal(maximum), Decimal(step))


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 20))
def test_exactly_the_steps_from_the_smallest_stake_are_taken(
    low: int, span: int, step: int
) -> None:
    rules = UnitRules(Decimal(low) / 8, Decimal(low + span) / 8, Decimal(step) / 8)
    taken = []
    for eighths in range(low + span + 10):
        try:
            taken.append(rules.check(Decimal(eighths) / 8) * 8)
        except UserError:
            continue
    assert taken == list(range(low, low + span + 1, step))


def test_risking_and_winning_are_told_apart() -> None:
    price = Odds.parse("-110")
    risked = stake(Decimal("1.1"), price, StakeMode.RISK)
    assert (risked.risk, risked.to_win) == (Decimal("1.1"), Decimal("1.0000"))
    won = stake(Decimal(1), price, StakeMode.TO_WIN)
    assert (won.risk, won.to_win) == (Decimal("1.1000"), Decimal(1))


@given(risks, odds)
def test_the_risk_that_wins_an_amount_wins_it_but_for_rounding(
    amount: Decimal, price: Odds
) -> None:
    assume(amount / price.profit_per_unit <= LIMIT)
    risk = stake(amount, price, StakeMode.TO_WIN).risk
    back = stake(risk, price, StakeMode.RISK).to_win
    assert abs(back - amount) <= QUANTUM * (1 + price.profit_per_unit)


@given(risks, odds, st.sampled_from(StakeMode))
def test_stakes_fit_the_columns_they_are_stored_in(
    amount: Decimal, price: Odds, mode: StakeMode
) -> None:
    made = stake(amount, price, mode)
    for units in (made.risk, made.to_win):
        assert units.as_tuple().exponent == -4
        assert 0 <= units <= LIMIT


def test_a_stake_that_cannot_be_stored_is_refused() -> None:
    with pytest.raises(UserError, match="too large a stake"):
        stake(Decimal(999_999), Odds(Decimal("1.0001")), StakeMode.TO_WIN)
