from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import shape
from dbsbm.errors import UserError


@given(st.integers(0, 10**18 - 1))
def test_the_value_of_a_choice_is_a_game(number: int) -> None:
    assert shape.game_id(str(number)) == str(number)


@pytest.mark.parametrize("text", ["chiefs", "", "-1", "7 ", "1" * 19, "\u0667", "7\n"])
def test_a_game_that_was_typed_is_not_enqueued(text: str) -> None:
    with pytest.raises(UserError, match="choose the game from the list"):
        shape.game_id(text)


@pytest.mark.parametrize(
    ("text", "key"), [("nfl", "nfl"), (" NFL ", "nfl"), ("la_liga", "la_liga")]
)
def test_a_league_may_be_typed_as_its_key(text: str, key: str) -> None:
    assert shape.league_key(text) == key


@pytest.mark.parametrize("text", ["", "Premier League", "x" * 33, "nfl;"])
def test_what_cannot_be_a_league_gets_a_sentence(text: str) -> None:
    with pytest.raises(UserError, match="choose the league"):
        shape.league_key(text)


@pytest.mark.parametrize(("text", "kept"), [(None, None), ("  ", None), (" -3.5 ", "-3.5")])
def test_an_option_left_empty_is_none(text: str | None, kept: str | None) -> None:
    assert shape.short_text("line", text, 16) == kept


def test_a_note_may_have_500_characters_and_no_more() -> None:
    assert shape.short_text("note", "n" * 500, shape.LONGEST_NOTE) == "n" * 500
    with pytest.raises(UserError, match="`note` takes 500 characters at most, and yours has 501"):
        shape.short_text("note", "n" * 501, shape.LONGEST_NOTE)


@pytest.mark.parametrize("text", ["", "   "])
def test_odds_may_not_be_empty(text: str) -> None:
    with pytest.raises(UserError, match="fill in `odds`"):
        shape.odds(text)


def test_odds_too_long_to_be_odds_get_a_sentence() -> None:
    with pytest.raises(UserError, match="`odds` takes 32 characters"):
        shape.odds("-" * 33)


@pytest.mark.parametrize("text", ["99", "0", "what"])
def test_what_is_no_price_is_refused_before_the_channel_sees_it(text: str) -> None:
    with pytest.raises(UserError, match="odds"):
        shape.odds(text)


def test_a_pick_travels_as_it_was_chosen() -> None:
    given = ("spread", "home", " -3.5 ")
    assert shape.pick(*given) == {"market": "spread", "side": "home", "line": "-3.5"}
    assert shape.pick("moneyline", "draw", None)["line"] is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("spread", "home", None), "needs a line"),
        (("moneyline", "over", None), "has no over"),
        (("total", "over", "many"), "line"),
    ],
)
def test_what_is_no_pick_is_refused_before_the_channel_sees_it(
    given: tuple[str, str, str | None], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        shape.pick(*given)


@given(st.floats(min_value=shape.SMALLEST_UNITS, max_value=1e12))
def test_units_travel_as_the_digits_that_were_typed(number: float) -> None:
    text = shape.units(number)
    assert Decimal(text) == Decimal(repr(number))
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1"), (1.5, "1.5"), (0.1, "0.1"), (1e-4, "0.0001")]
)
def test_units_are_written_plainly(number: float, text: str) -> None:
    assert shape.units(number) == text


@pytest.mark.parametrize(
    ("text", "folded"),
    [("all", "all"), ("Game_Data, team_data,", "game_data,team_data"), ("game_data", "game_data")],
)
def test_categories_may_be_written_loosely(text: str, folded: str) -> None:
    assert shape.categories(text) == folded


@pytest.mark.parametrize("text", [",", "game-data", "a,,b", "x" * 201, "; drop"])
def test_what_is_no_list_of_categories_gets_a_sentence(text: str) -> None:
    with pytest.raises(UserError, match="separated by commas"):
        shape.categories(text)
