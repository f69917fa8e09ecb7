from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from dbsbm.slips import model
from dbsbm.slips.model import StraightSlip, Team, content_key
from tests.unit.slips.examples import AWAY, HOME, SLIP, picture, python

OTHER: dict[str, Any] = {
    "bet_id": 1043,
    "league": "Southern League",
    "sport": "basketball",
    "home": AWAY,
    "away": HOME,
    "pick": "away",
    "market": "total",
    "line": Decimal("0.25"),
    "odds_american": 108,
    "odds_decimal": Decimal("1.9260"),
    "risk": Decimal("1.6"),
    "to_win": Decimal("1.3890"),
    "capper_name": "ace",
    "capper_avatar": picture(),
    "status": "won",
    "starts_at": SLIP.starts_at + timedelta(minutes=1),
    "placed_at": SLIP.placed_at + timedelta(minutes=1),
    "note": "",
    "sandbox": True,
    "odds_format": "decimal",
}


@pytest.mark.parametrize("field", [field.name for field in fields(StraightSlip)])
def test_the_key_changes_with_every_field(field: str) -> None:
    base = replace(SLIP, market="total", pick="under") if field == "market" else SLIP
    other = SLIP if field == "market" else replace(SLIP, **{field: OTHER[field]})
    assert content_key(other, "dark") != content_key(base, "dark")


@pytest.mark.parametrize("field", [field.name for field in fields(Team)])
def test_the_key_changes_with_every_field_of_a_team(field: str) -> None:
    other = replace(SLIP, home=replace(HOME, **{field: "#000000"}))
    assert content_key(other, "dark") != content_key(SLIP, "dark")


def test_the_key_changes_with_the_theme_and_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_key(SLIP, "dark")
    assert content_key(SLIP, "light") != before
    monkeypatch.setattr(model, "TEMPLATE_VERSION", model.TEMPLATE_VERSION + 1)
    assert content_key(SLIP, "dark") != before


def test_different_avatars_have_different_keys() -> None:
    keys = {
        content_key(replace(SLIP, capper_avatar=avatar), "dark") for avatar in (None, b"", b"x")
    }
    assert len(keys) == 3


@pytest.mark.parametrize(
    "same",
    [
        {"risk": Decimal("1.5000")},
        {"line": Decimal("-0.250")},
        {"to_win": Decimal("13889E-4")},
        {"starts_at": SLIP.starts_at.astimezone(timezone(timedelta(hours=-5)))},
    ],
)
def test_two_ways_to_write_one_value_have_one_key(same: dict[str, Any]) -> None:
    assert content_key(replace(SLIP, **same), "dark") == content_key(SLIP, "dark")


def test_the_key_is_the_same_in_another_process() -> None:
    program = (
        "from tests.unit.slips.examples import SLIP\n"
        "from dbsbm.slips.model import content_key\n"
        "print(content_key(SLIP, 'dark'))"
    )
    answer = python("-c", program)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == content_key(SLIP, "dark")


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - a naive time is what is refused
        {"placed_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - a naive time is what is refused
        {"status": "cancelled"},
        {"odds_format": "malay"},
        {"market": "teaser"},
        {"pick": "over"},
        {"line": None},
        {"market": "moneyline"},
        {"market": "total"},
    ],
)
def test_a_slip_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(SLIP, **wrong)


@pytest.mark.parametrize("number", ["0", "-0", "0.0", "1E+2", "231.50", "-0.25"])
def test_a_plain_number_is_written_without_exponent_or_padding(number: str) -> None:
    shown = model.plain(Decimal(number))
    assert Decimal(shown) == Decimal(number)
    assert shown in {"0", "100", "231.5", "-0.25"}


def test_an_aware_time_of_any_zone_is_accepted() -> None:
    assert replace(SLIP, starts_at=datetime(2026, 1, 1, tzinfo=UTC)).starts_at.tzinfo is UTC
