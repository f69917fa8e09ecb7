from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.providers import fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_no_value_makes_a_getter_fail(value: object) -> None:
    for getter in (fields.text, fields.number, fields.integer, fields.score, fields.moment):
        getter(value)
    fields.dig(value, "a", "b")
    assert isinstance(fields.mapping(value), dict)
    assert all(isinstance(item, dict) for item in fields.items(value))


@given(st.text())
def test_text_fits_into_one_line_of_a_database_column(value: str) -> None:
    found = fields.text(value)

    if found is not None:
        assert 0 < len(found) <= 100
        assert found.isprintable()
        found.encode("utf-8")


@given(st.integers(min_value=0, max_value=9_999))
def test_scores_are_read_from_text_and_from_numbers(points: int) -> None:
    assert fields.score(str(points)) == fields.score(points) == points
    assert fields.score(Decimal(points)) == points


@pytest.mark.parametrize(
    "value", ["", "-", "3.5", "-1", -1, 10_000, True, None, [], {}, "NaN", "1e999", "Infinity"]
)
def test_what_is_no_score_is_none(value: object) -> None:
    assert fields.score(value) is None


def test_truth_is_not_a_number() -> None:
    assert fields.integer(True) is None
    assert fields.number(False) is None


def test_a_minus_sign_from_a_printer_is_a_minus() -> None:
    assert fields.number("\N{MINUS SIGN}1.5") == Decimal("-1.5")


@pytest.mark.parametrize(
    "value",
    ["2026-11-20T18:30Z", "2026-11-20T18:30:00+00:00", "2026-11-20T13:30-05:00", 1795199400],
)
def test_moments_become_utc(value: object) -> None:
    assert fields.moment(value) == datetime(2026, 11, 20, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["2026-11-20T18:30", "2026-11-20", "soon", "0001-01-01T00:00Z", 10**18, 0, None, True]
)
def test_a_time_without_a_zone_is_no_moment(value: object) -> None:
    assert fields.moment(value) is None


def test_broken_surrogates_do_not_reach_the_database() -> None:
    assert fields.text("Port\ud800 Ellery\x00\n Herons") == "Port Ellery Herons"


def test_a_word_that_is_too_long_is_no_word() -> None:
    assert fields.word("ABCDEFGHI", 8) is None
    assert fields.word("ABC", 8) == "ABC"
