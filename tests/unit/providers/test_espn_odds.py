from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from dbsbm.providers.espn_odds import parse_odds
from dbsbm.providers.model import OddsRow
from tests.unit.providers.espn_shapes import NEW_ODDS, OLD_ODDS


def changed(odds: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    """The odds with some keys replaced; None removes a key."""
    made = copy.deepcopy(odds) | changes
    return [{name: value for name, value in made.items() if value is not None}]


def by_side(rows: tuple[OddsRow, ...], market: str) -> dict[str, tuple[str | None, str, str]]:
    return {
        row.side: (None if row.line is None else str(row.line), str(row.price), row.quoted)
        for row in rows
        if row.market == market
    }


def test_the_layout_of_2026_gives_all_three_markets() -> None:
    rows = parse_odds([NEW_ODDS])

    assert {row.book for row in rows} == {"Harbour Odds"}
    assert by_side(rows, "moneyline") == {
        "home": (None, "1.6452", "-155"),
        "away": (None, "2.3500", "+135"),
        "draw": (None, "4.0000", "+300"),
    }
    assert by_side(rows, "spread") == {
        "home": ("-1.5", "2.2500", "+125"),
        "away": ("1.5", "1.6897", "-145"),
    }
    assert by_side(rows, "total") == {
        "over": ("8.5", "1.9091", "-110"),
        "under": ("8.5", "2.0000", "EVEN"),
    }


def test_the_old_layout_gives_all_three_markets() -> None:
    rows = parse_odds([OLD_ODDS])

    assert by_side(rows, "moneyline") == {
        "home": (None, "1.6250", "-160"),
        "away": (None, "2.4000", "140"),
    }
    assert {side: line for side, (line, _, _) in by_side(rows, "spread").items()} == {
        "home": "-3.0",
        "away": "3.0",
    }
    assert set(by_side(rows, "total")) == {"over", "under"}


def test_the_old_layout_of_soccer_gives_the_draw() -> None:
    rows = parse_odds(changed(OLD_ODDS, drawOdds={"moneyLine": 260}, spread=None, overUnder=None))

    assert set(by_side(rows, "moneyline")) == {"home", "away", "draw"}
    assert len(rows) == 3


@pytest.mark.parametrize(
    "odds", [None, [], [None], {}, "OFF", [{}], [{"provider": {}}], [[NEW_ODDS]]]
)
def test_nothing_in_place_of_odds_gives_no_rows(odds: object) -> None:
    assert parse_odds(odds) == ()


def test_a_total_without_prices_cannot_be_bet_on() -> None:
    assert parse_odds([{"provider": {"name": "Tally"}, "overUnder": 44}]) == ()


def test_a_market_that_is_off_leaves_the_others() -> None:
    off = {"over": {"close": {"line": "OFF"}}, "under": {"close": {"line": "OFF"}}}

    rows = parse_odds(changed(NEW_ODDS, total=off, overUnder=None))

    assert {row.market for row in rows} == {"moneyline", "spread"}


def test_the_opening_price_stands_until_there_is_another() -> None:
    opening = {"home": {"open": {"odds": "-140"}}, "away": {"open": {"odds": "+120"}}}

    rows = parse_odds(changed(NEW_ODDS, moneyline=opening))

    assert by_side(rows, "moneyline")["home"] == (None, "1.7143", "-140")


def test_a_closed_price_is_not_replaced_by_the_opening_one() -> None:
    closed = {
        "home": {"open": {"odds": "-140"}, "close": {"odds": "OFF"}},
        "away": {"open": {"odds": "+120"}, "close": {"odds": "OFF"}},
    }

    assert not by_side(parse_odds(changed(NEW_ODDS, moneyline=closed)), "moneyline")


def test_lines_that_contradict_each_other_are_dropped() -> None:
    crossed = {
        "home": {"close": {"line": "-1.5", "odds": "+125"}},
        "away": {"close": {"line": "+2.5", "odds": "-145"}},
    }

    assert not by_side(parse_odds(changed(NEW_ODDS, pointSpread=crossed)), "spread")


def test_a_pick_em_has_a_plain_zero_on_both_sides() -> None:
    even = {side: {"close": {"line": "PK", "odds": "-110"}} for side in ("home", "away")}

    rows = [
        row for row in parse_odds(changed(NEW_ODDS, pointSpread=even)) if row.market == "spread"
    ]

    assert [str(row.line) for row in rows] == ["0", "0"]
    assert all(row.line == Decimal(0) for row in rows)


def test_each_book_speaks_once() -> None:
    again = copy.deepcopy(NEW_ODDS)
    again["moneyline"]["home"]["close"]["odds"] = "-900"

    rows = parse_odds([NEW_ODDS, again, OLD_ODDS])

    assert (
        by_side(tuple(r for r in rows if r.book == "Harbour Odds"), "moneyline")["home"][2]
        == "-155"
    )
    assert {row.book for row in rows} == {"Harbour Odds", "Tally"}
