from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from dbsbm.slips import wording
from dbsbm.slips.model import Team
from dbsbm.slips.wording import MINUS
from tests.unit.slips.examples import SLIP


@pytest.mark.parametrize(
    ("american", "decimal", "style", "shown"),
    [
        (150, "2.5", "american", "+150"),
        (-110, "1.9091", "american", f"{MINUS}110"),
        (100000, "1001", "american", "+100000"),
        (-110, "1.9091", "decimal", "1.91"),
        (-100000, "1.001", "decimal", "1.001"),
        (150, "2.5", "fractional", "3/2"),
    ],
)
def test_odds_are_written_in_the_format_asked_for(
    american: int, decimal: str, style: Any, shown: str
) -> None:
    slip = replace(SLIP, odds_american=american, odds_decimal=Decimal(decimal), odds_format=style)
    assert wording.odds(slip) == shown


@pytest.mark.parametrize(
    ("market", "pick", "line", "shown"),
    [
        ("spread", "home", "-0.5", f"{MINUS}0.5"),
        ("spread", "away", "3.50", "+3.5"),
        ("spread", "home", "-0.25", f"{MINUS}0.25"),
        ("spread", "home", "-0.0", "0"),
        ("total", "over", "231.5", "231.5"),
        ("total", "under", "200", "200"),
        ("moneyline", "draw", None, ""),
    ],
)
def test_only_a_spread_has_a_signed_line(
    market: Any, pick: Any, line: str | None, shown: str
) -> None:
    number = None if line is None else Decimal(line)
    assert wording.line(replace(SLIP, market=market, pick=pick, line=number)) == shown


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("open", ""),
        ("won", "+3.01u"),
        ("lost", f"{MINUS}2.00u"),
        ("half_won", "+1.50u"),
        ("half_lost", f"{MINUS}1.00u"),
        ("push", ""),
        ("void", ""),
    ],
)
def test_a_settled_slip_says_what_it_brought(status: Any, shown: str) -> None:
    slip = replace(SLIP, status=status, risk=Decimal(2), to_win=Decimal("3.0050"))
    assert wording.result(slip) == shown


@pytest.mark.parametrize(
    ("market", "pick", "shown"),
    [
        ("spread", "home", "Northbridge Rovers"),
        ("spread", "away", "Southport City"),
        ("total", "over", "Over"),
        ("total", "under", "Under"),
        ("moneyline", "draw", "Draw"),
    ],
)
def test_the_pick_is_named(market: Any, pick: Any, shown: str) -> None:
    line = None if market == "moneyline" else Decimal(2)
    assert wording.subject(replace(SLIP, market=market, pick=pick, line=line)) == shown


@pytest.mark.parametrize(
    ("name", "abbreviation", "shown"),
    [
        ("Los Angeles Lakers", "LAL", "LAL"),
        ("Los Angeles Lakers", "", "LAL"),
        ("Arsenal", "", "ARS"),
        ("🇧🇷 Brasil", "", "🇧🇷B"),
        ("", "TOOLONG", "TOOLO"),
        ("", "", "HOME"),
        ("\u2800", "\u200b", "HOME"),
    ],
)
def test_a_badge_says_the_abbreviation_or_the_first_letters(
    name: str, abbreviation: str, shown: str
) -> None:
    found = wording.initials(Team(name, abbreviation, None, None), "home")
    assert found[0] == shown
    assert all(longer.startswith(shorter) for longer, shorter in pairwise(found))


@pytest.mark.parametrize(
    ("name", "abbreviation", "shown"),
    [("Arsenal", "ARS", "Arsenal"), (" \u3164", "ARS", "ARS"), ("\u202e", "", "Away")],
)
def test_a_team_without_a_visible_name_goes_by_another(
    name: str, abbreviation: str, shown: str
) -> None:
    assert wording.team_name(Team(name, abbreviation, None, None), "Away") == shown


def test_times_are_written_in_utc() -> None:
    moment = datetime.fromisoformat("2026-10-25T01:30:00+05:00")
    assert wording.day(moment) == "Sat 24 Oct"
    assert wording.clock(moment) == "20:30 UTC"
    assert wording.stamp(moment) == "24 Oct 2026, 20:30 UTC"
    assert wording.stamp(datetime(2027, 1, 1, tzinfo=UTC)) == "1 Jan 2027, 00:00 UTC"


@pytest.mark.parametrize(
    ("sport", "icon"),
    [
        ("basketball", "🏀"),
        ("American Football", "🏈"),
        ("american_football", "🏈"),
        ("Soccer", "⚽"),
        ("kabaddi", ""),
        ("", ""),
    ],
)
def test_a_sport_is_known_in_any_spelling(sport: str, icon: str) -> None:
    assert wording.sport_icon(sport) == icon


def test_units_are_grouped_and_rounded_to_cents() -> None:
    assert wording.units(Decimal("1234567.885")) == "1,234,567.89u"
