from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbsbm.betting.odds import MAX_TEXT, Odds, OddsStyle
from dbsbm.errors import UserError
from tests.unit.betting.strategies import american, decimals, odds


@pytest.mark.parametrize(
    ("text", "decimal", "shown"),
    [
        ("+150", "2.5", "+150"),
        ("150", "2.5", "+150"),
        ("-110", "1.9091", "-110"),
        ("\u2212110", "1.9091", "-110"),
        (" - 110 ", "1.9091", "-110"),
        ("\uff0b\uff11\uff15\uff10", "2.5", "+150"),
        ("+100", "2", "+100"),
        ("-100", "2", "-100"),
        ("even", "2", "+100"),
        ("EVS", "2", "+100"),
        ("1.91", "1.91", "-110"),
        ("1,91", "1.91", "-110"),
        ("2.0", "2", "+100"),
        ("5/2", "3.5", "+250"),
        ("10/11", "1.9091", "-110"),
        ("5\u20442", "3.5", "+250"),
        ("+100000", "1001", "+100000"),
        ("-100000", "1.001", "-100000"),
    ],
)
def test_odds_are_read_as_members_write_them(text: str, decimal: str, shown: str) -> None:
    read = Odds.parse(text)
    assert read.decimal == Decimal(decimal)
    assert read.format() == shown


@pytest.mark.parametrize("text", ["0", "99", "+99", "-99", "-1", "+50", "2"])
def test_american_odds_nearer_to_zero_than_a_hundred_are_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(UserError, match=rf"between -99 and \+99, and you wrote {int(text)}\."):
        Odds.parse(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "cannot read an empty answer as odds"),
        ("ten", 'cannot read "TEN" as odds'),
        ("+150.5", "cannot read"),
        ("1,000", "cannot read"),
        ("1e5", "cannot read"),
        ("nan", "cannot read"),
        ("inf", "cannot read"),
        ("--110", "cannot read"),
        ("-110/2", "cannot read"),
        ("1.0", "must be above 1"),
        ("0.5", "must be above 1"),
        ("5/0", "two numbers above zero"),
        ("0/5", "two numbers above zero"),
        ("+100001", "out of range"),
        ("-999999999", "out of range"),
        ("1.0001", "out of range"),
        ("1001.1", "out of range"),
        ("1/100000", "out of range"),
        ("1" * (MAX_TEXT + 1), "too long"),
    ],
)
def test_what_is_no_odds_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Odds.parse(text)


@given(st.text(max_size=40))
@example("\u2460\u2461\u2462")
@example("\u00bd")
def test_any_text_is_odds_or_a_sentence(text: str) -> None:
    try:
        decimal = Odds.parse(text).decimal
    except UserError:
        return
    assert decimal > 1


@given(american)
def test_american_odds_come_back_as_they_were_written(price: int) -> None:
    assert Odds.parse(f"{price:+d}").american == price


@given(st.integers(100, 1000) | st.integers(-1000, -101))
def test_american_odds_survive_without_their_text_as_far_as_four_places_tell(price: int) -> None:
    assert Odds(Odds.from_american(price).decimal).american == price


@given(odds)
def test_stored_odds_are_the_odds_that_were_stored(price: Odds) -> None:
    assert Odds(price.decimal, price.text) == price
    assert Odds(price.decimal).decimal == price.decimal


@given(st.integers(1, 500), st.integers(1, 100))
def test_a_fraction_comes_back_without_its_text(numerator: int, denominator: int) -> None:
    price = Odds.parse(f"{numerator}/{denominator}")
    assert Odds(price.decimal).fraction == Fraction(numerator, denominator)


@given(decimals)
@example(Decimal("1.0052"))
def test_shown_odds_can_be_typed_back_in_every_style(decimal: Decimal) -> None:
    price = Odds(decimal)
    for style in OddsStyle:
        typed = Odds.parse(price.format(style))
        assert typed.profit_per_unit == pytest.approx(
            price.profit_per_unit, rel=Decimal("0.06"), abs=Decimal("0.0001")
        )


@given(decimals, decimals)
def test_american_odds_keep_the_order_of_prices(one: Decimal, other: Decimal) -> None:
    """As bettors count them: -110 pays less than +100, which pays less than +110."""

    def rank(american: int) -> int:
        return american - 100 if american > 0 else american + 100

    low, high = sorted([one, other])
    assert rank(Odds(low).american) <= rank(Odds(high).american)


@pytest.mark.parametrize(
    ("decimal", "shown"),
    [("3.5", "3.50"), ("1.9091", "1.91"), ("1.05", "1.05"), ("1.001", "1.001")],
)
def test_decimal_odds_show_two_places_and_more_near_one(decimal: str, shown: str) -> None:
    assert Odds(Decimal(decimal)).format(OddsStyle.DECIMAL) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.91", "91/100"),
        ("-110", "10/11"),
        ("1.001", "1/1000"),
        ("1.0052", "1/192"),
        ("10/4", "5/2"),
    ],
)
def test_fractional_odds_are_the_nearest_with_a_denominator_up_to_a_hundred(
    text: str, shown: str
) -> None:
    assert Odds.parse(text).format(OddsStyle.FRACTIONAL) == shown


def test_a_computed_price_next_to_even_money_is_plus_a_hundred() -> None:
    assert [Odds(Decimal(text)).format() for text in ("1.9999", "2", "2.0001")] == ["+100"] * 3


@pytest.mark.parametrize("decimal", ["1", "0", "-2", "1000000"])
def test_odds_that_cannot_be_stored_cannot_be_made(decimal: str) -> None:
    with pytest.raises(ValueError, match="decimal odds"):
        Odds(Decimal(decimal))
