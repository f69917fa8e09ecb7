from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.providers.apisports.baseball import BASEBALL
from dbsbm.providers.apisports.basketball import BASKETBALL
from dbsbm.providers.apisports.football import FOOTBALL
from dbsbm.providers.apisports.odds import odds_by_game
from dbsbm.providers.model import OddsRow
from tests.unit.providers.apisports_shapes import odds


def market(rows: tuple[OddsRow, ...], name: str) -> dict[str, tuple[Any, str]]:
    return {
        row.side: (None if row.line is None else str(row.line), str(row.price))
        for row in rows
        if row.market == name
    }


def soccer(bets: dict[str, list[tuple[Any, str]]]) -> tuple[OddsRow, ...]:
    return odds_by_game([odds("fixture", 7, bets)], FOOTBALL)["7"]


def test_a_soccer_winner_has_three_outcomes() -> None:
    rows = soccer({"Match Winner": [("Home", "1.50"), ("Draw", "4.75"), ("Away", "5.80")]})

    assert market(rows, "moneyline") == {
        "home": (None, "1.5000"),
        "draw": (None, "4.7500"),
        "away": (None, "5.8000"),
    }
    assert {row.quoted for row in rows} == {"1.50", "4.75", "5.80"}


def test_other_bets_are_left_alone_even_with_numbers_for_values() -> None:
    assert soccer({"Exact Goals Number": [(4, "7.00"), ("more 8", "251.00")]}) == ()


def test_of_a_ladder_of_totals_the_most_balanced_line_counts() -> None:
    rows = soccer(
        {
            "Goals Over/Under": [
                ("Over 1.5", "1.25"),
                ("Under 1.5", "3.75"),
                ("Over 2.5", "1.95"),
                ("Under 2.5", "1.85"),
                ("Over 3.5", "3.40"),
                ("Under 3.5", "1.30"),
                ("Over 4.5", "1.01"),
            ]
        }
    )

    assert market(rows, "total") == {"over": ("2.5", "1.9500"), "under": ("2.5", "1.8500")}


def test_footballs_handicaps_carry_the_home_teams_line_on_both_sides() -> None:
    rows = soccer(
        {
            "Asian Handicap": [
                ("Home -0.5", "1.78"),
                ("Away -0.5", "2.02"),
                ("Home -1.5", "3.10"),
                ("Away -1.5", "1.36"),
                ("Home +0.5", "1.20"),
                ("Away +0.5", "4.40"),
            ]
        }
    )

    assert market(rows, "spread") == {"home": ("-0.5", "1.7800"), "away": ("0.5", "2.0200")}


def test_elsewhere_handicaps_may_carry_each_sides_own_line() -> None:
    bets = {
        "Asian Handicap": [
            ("Home -4.5", "1.90"),
            ("Away +4.5", "1.92"),
            ("Home +4.5", "1.30"),
            ("Away -4.5", "3.40"),
        ]
    }
    rows = odds_by_game([odds("game", 7, bets)], BASKETBALL)["7"]

    assert market(rows, "spread") == {"home": ("-4.5", "1.9000"), "away": ("4.5", "1.9200")}


def test_a_handicap_in_a_field_of_its_own_is_read_too() -> None:
    item = odds("fixture", 7, {"Asian Handicap": [("Home", "1.83"), ("Away", "2.00")]})
    for value, line in zip(
        item["bookmakers"][0]["bets"][0]["values"], ("-0.5", "0.5"), strict=True
    ):
        value["handicap"] = line

    assert market(odds_by_game([item], FOOTBALL)["7"], "spread") == {
        "home": ("-0.5", "1.8300"),
        "away": ("0.5", "2.0000"),
    }


def test_a_pairing_that_no_book_would_offer_is_dropped() -> None:
    assert soccer({"Asian Handicap": [("Home -2.5", "6.65"), ("Away +2.5", "9.10")]}) == ()


def test_baseballs_match_winner_has_a_draw_and_is_not_our_moneyline() -> None:
    bets = {
        "Match Winner": [("Home", "2.10"), ("Draw", "9.00"), ("Away", "2.30")],
        "Home/Away": [("Home", "1.80"), ("Away", "2.10")],
    }
    rows = odds_by_game([odds("game", 7, bets)], BASEBALL)["7"]

    assert market(rows, "moneyline") == {"home": (None, "1.8000"), "away": (None, "2.1000")}


def test_periods_of_a_game_are_not_the_game() -> None:
    bets = {"Over/Under (1st 5 Innings)": [("Over 4.5", "1.80"), ("Under 4.5", "1.95")]}

    assert odds_by_game([odds("game", 7, bets)], BASEBALL)["7"] == ()


@pytest.mark.parametrize("odd", ["1.00", "SUSP", "", None, [], "-1.5"])
def test_a_price_that_is_none_closes_its_market(odd: Any) -> None:
    assert soccer({"Match Winner": [("Home", odd), ("Draw", "4.75"), ("Away", "5.80")]}) == ()


def test_every_book_is_kept_apart() -> None:
    winner = {"Match Winner": [("Home", "1.50"), ("Draw", "4.75"), ("Away", "5.80")]}
    item = odds("fixture", 7, winner)
    item["bookmakers"] += odds("fixture", 7, winner, book="Tally & Sons")["bookmakers"]

    assert {row.book for row in odds_by_game([item], FOOTBALL)["7"]} == {
        "Northline",
        "Tally & Sons",
    }


@given(st.decimals("1.2", "6", places=2), st.decimals("-3.5", "3.5", places=1))
def test_both_notations_of_one_handicap_give_the_same_rows(price: Any, line: Any) -> None:
    other = round(1 / (float("1.05") - 1 / float(price)), 2)
    own = {"Asian Handicap": [(f"Home {line:+}", f"{price}"), (f"Away {-line:+}", f"{other}")]}
    homes = {"Asian Handicap": [(f"Home {line:+}", f"{price}"), (f"Away {line:+}", f"{other}")]}

    assert soccer(own) == soccer(homes)
    assert len(soccer(own)) == 2
