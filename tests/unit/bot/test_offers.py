from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.offers import LONGEST_LABEL, GameOffer, LeagueOffer, choices, fits, game_label

START = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)
NFL = LeagueOffer.of({"key": "nfl", "name": "NFL", "sport": "football"})


def game(away: str = "Buffalo Bills", home: str = "Kansas City Chiefs", **more: Any) -> GameOffer:
    entry = {"id": 7, "away": away, "home": home, "starts_at": START, "status": "scheduled"}
    return GameOffer.of(NFL, entry | more)


def test_a_game_is_named_by_its_teams_its_start_and_its_league() -> None:
    assert game().label == "Buffalo Bills @ Kansas City Chiefs · Sun 29 Nov 18:00 UTC · NFL"
    assert game().value == "7"


def test_the_start_is_written_in_utc_whatever_its_zone() -> None:
    there = START.astimezone(timezone(timedelta(hours=-5)))
    assert "18:00 UTC" in game(starts_at=there).label


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300), st.datetimes())
def test_no_label_is_longer_than_discord_takes(
    away: str, home: str, league: str, start: datetime
) -> None:
    offer = GameOffer.of(
        LeagueOffer.of({"key": "k", "name": league, "sport": "s"}),
        {"id": 1, "away": away, "home": home, "starts_at": start.replace(tzinfo=UTC)},
    )
    assert 1 <= len(offer.label) <= LONGEST_LABEL
    assert "\n" not in offer.label


def test_of_two_long_names_both_stay_readable() -> None:
    label = game_label("A" * 80, "H" * 80, "Sun 29 Nov 18:00 UTC", "NFL")
    assert label.count("A") == label.count("H") > 20
    assert len(label) <= LONGEST_LABEL


@pytest.mark.parametrize(
    "typed", ["", "buf", "BILLS", "kansas buf", "nfl chiefs", "football", "sun", "29 nov", "18:00"]
)
def test_words_of_team_league_or_day_find_a_game_in_any_order(typed: str) -> None:
    assert fits(typed, game())


@pytest.mark.parametrize("typed", ["uffalo", "eagles", "bills eagles", "nba"])
def test_every_typed_word_must_begin_a_word(typed: str) -> None:
    assert not fits(typed, game())


@pytest.mark.parametrize(
    ("typed", "team"),
    [
        ("malmo", "Malmö FF"),
        ("bodo", "FC Bodø/Glimt"),
        ("MÜNCHEN", "Bayern Munchen"),
        ("lodz", "Łódź"),
    ],
)
def test_accents_do_not_matter(typed: str, team: str) -> None:
    assert fits(typed, game(home=team))


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_a_chosen_label_finds_its_own_game_again(away: str, home: str) -> None:
    offer = game(away, home)
    assert fits(offer.label, offer)


def test_discord_is_never_sent_more_choices_than_it_takes() -> None:
    offers = [game(id=number) for number in range(40)]
    found = choices(offers, "")
    assert [choice.value for choice in found] == [str(number) for number in range(25)]
