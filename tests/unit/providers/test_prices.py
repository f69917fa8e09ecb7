from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.providers.prices import american_price, decimal_price, handicap, market_rows, total

AMERICAN = st.integers(100, 100_000) | st.integers(-100_000, -100)


@pytest.mark.parametrize(
    ("quoted", "price"),
    [
        ("-155", "1.6452"),
        ("+135", "2.3500"),
        (135, "2.3500"),
        ("EVEN", "2.0000"),
        (" even ", "2.0000"),
        ("+100", "2.0000"),
        (-100, "2.0000"),
        ("-110", "1.9091"),
        (Decimal("-120.0"), "1.8333"),
    ],
)
def test_american_prices_become_decimal_odds(quoted: object, price: str) -> None:
    assert american_price(quoted) == Decimal(price)


@pytest.mark.parametrize("quoted", ["OFF", "", None, 0, 99, "-99", "+1e9", "1.91", [], {}, True])
def test_what_is_no_american_price_is_none(quoted: object) -> None:
    assert american_price(quoted) is None


@given(AMERICAN)
def test_text_and_number_are_the_same_price(american: int) -> None:
    price = american_price(american)

    assert price is not None
    assert price > 1
    assert price == american_price(f"{american:+d}")
    assert price.as_tuple().exponent == -4


@given(AMERICAN, AMERICAN)
def test_a_price_that_pays_more_never_has_lower_decimal_odds(one: int, other: int) -> None:
    def profit(american: int) -> float:
        return american / 100 if american > 0 else -100 / american

    first, second = american_price(one), american_price(other)
    assert first is not None
    assert second is not None
    if profit(one) > profit(other):
        assert first >= second


@given(st.decimals(min_value="1.01", max_value="1000", places=2))
def test_decimal_prices_keep_their_value(price: Decimal) -> None:
    assert decimal_price(str(price)) == price


@pytest.mark.parametrize("quoted", ["1", "1.00", "0", "-2", "SUSP", None, "NaN", "99999"])
def test_what_is_no_decimal_price_is_none(quoted: object) -> None:
    assert decimal_price(quoted) is None


@pytest.mark.parametrize(
    ("quoted", "line"),
    [("-1.5", "-1.5"), ("+3", "3"), ("PK", "0"), (Decimal("-7.5"), "-7.5"), ("-0.25", "-0.25")],
)
def test_handicaps_are_exact(quoted: object, line: str) -> None:
    assert handicap(quoted) == Decimal(line)


@pytest.mark.parametrize("quoted", ["OFF", None, "", "1/2", 1_000])
def test_what_is_no_handicap_is_none(quoted: object) -> None:
    assert handicap(quoted) is None


@pytest.mark.parametrize("quoted", ["o8.5", "u8.5", "O 8.5", "Over 8.5", "8.5", Decimal("8.5")])
def test_totals_lose_their_letter(quoted: object) -> None:
    assert total(quoted) == Decimal("8.5")


@pytest.mark.parametrize("quoted", ["OFF", None, "0", "-3", "more 8", "8.5.1"])
def test_what_is_no_total_is_none(quoted: object) -> None:
    assert total(quoted) is None


def test_a_market_with_one_side_only_is_not_offered() -> None:
    one_sided = [("home", None, Decimal("1.5"), "1.5"), ("away", None, None, "OFF")]

    assert market_rows("Tally", "moneyline", one_sided) == ()
