from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.providers.keys import fold_name, game_key

START = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FC Bodø/Glimt", "fc bodo glimt"),
        ("CF Montréal", "CF Montreal"),
        ("  Łódź  Town ", "lodz town"),
        ("St. Pölten", "st polten"),
        ("Straße 09", "STRASSE 09"),
        ("\N{MATHEMATICAL BOLD CAPITAL A}bbeywick", "abbeywick"),
        ("A\N{COMBINING RING ABOVE}svik", "Åsvik"),
        ("Полюс Белогорье", "ПОЛЮС БЕЛОГОРЬЕ"),
        ("한별 유나이티드", "한별 유나이티드"),
    ],
)
def test_spellings_of_one_name_fold_alike(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("青波港町", "白波港町"),
        ("نجوم الواحة", "نجوم المدينة"),
        ("आशा नगर", "आशु नगर"),
        ("!!!", "???"),
    ],
)
def test_different_names_stay_different_in_every_script(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


@given(st.text())
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)


@given(st.text(), st.text(), st.datetimes(timezones=st.just(UTC)))
def test_a_key_is_short_ascii_whatever_the_names(home: str, away: str, start: datetime) -> None:
    key = game_key("bundesliga", start, home, away)

    assert key.isascii()
    assert len(key) <= 60
    assert not set(key) & set(" :{}*?")


def test_the_two_games_of_a_double_header_have_two_keys() -> None:
    first = game_key("mlb", START, "Ardmoor Wrens", "Kenmare Shamblers")
    second = game_key("mlb", START + timedelta(hours=4), "Ardmoor Wrens", "Kenmare Shamblers")

    assert first != second


def test_home_and_away_are_not_interchangeable() -> None:
    assert game_key("epl", START, "Greyfriars", "Oakenshaw") != game_key(
        "epl", START, "Oakenshaw", "Greyfriars"
    )


def test_the_same_moment_in_another_zone_gives_the_same_key() -> None:
    abroad = START.astimezone(timezone(timedelta(hours=-5)))

    assert game_key("nba", abroad, "A", "B") == game_key("nba", START, "A", "B")


def test_a_key_never_changes_between_versions() -> None:
    # Bets point to keys in the database for years.
    key = game_key("nfl", START, "Harbor City Lanterns", "Étoile")

    assert key == "nfl-20261120T1830Z-d708c799b645"


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        game_key("nfl", START.replace(tzinfo=None), "A", "B")
