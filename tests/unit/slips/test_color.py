from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.slips.color import INK, WHITE, contrast, from_name, mix, parse, readable_on
from tests.unit.slips.examples import any_text

colors = st.tuples(*[st.integers(0, 255)] * 3)


@pytest.mark.parametrize("text", ["#FDB927", "fdb927"])
def test_a_colour_is_read_with_or_without_the_hash(text: str) -> None:
    assert parse(text) == (253, 185, 39)


@pytest.mark.parametrize("text", [None, "", "#fff", "red", "#GGGGGG", "#1234567", "#12345\n"])
def test_anything_else_is_no_colour(text: str | None) -> None:
    assert parse(text) is None


@given(colors, colors)
def test_letters_can_always_be_read_on_a_badge(
    background: tuple[int, int, int], liked: tuple[int, int, int]
) -> None:
    assert contrast(background, readable_on(background, liked)) >= 4.3


def test_the_liked_colour_is_kept_where_it_can_be_read() -> None:
    assert readable_on((0, 0, 0), (255, 255, 0)) == (255, 255, 0)
    assert readable_on((255, 255, 255), (255, 255, 0)) == INK


def test_contrast_is_that_of_the_web_guidelines() -> None:
    assert contrast(WHITE, (0, 0, 0)) == pytest.approx(21)
    assert contrast((118, 118, 118), WHITE) == pytest.approx(4.54, abs=0.01)


def test_mixing_goes_from_the_first_colour_to_the_second() -> None:
    assert mix(WHITE, (0, 0, 0), 0) == WHITE
    assert mix(WHITE, (0, 0, 0), 1) == (0, 0, 0)
    assert mix(WHITE, (55, 55, 55), 0.5) == (155, 155, 155)


@given(any_text)
def test_a_name_always_has_one_colour(name: str) -> None:
    assert from_name(name) == from_name(name)
