from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.slips.faces import Weight
from dbsbm.slips.fitting import Fitted, TextStyle, fit, fit_alike
from dbsbm.slips.graphemes import ELLIPSIS
from tests.unit.slips.examples import NAMES, any_text, patient

ONE_LINE = TextStyle(Weight.BOLD, 60, 30)
TWO_LINES = TextStyle(Weight.BOLD, 60, 30, wrapped_size=44)

styles = st.builds(
    lambda weight, floor, more, wrap: TextStyle(
        weight, floor + more, floor, wrapped_size=floor + min(wrap, more) if wrap else None
    ),
    st.sampled_from(Weight),
    st.integers(28, 40),
    st.integers(0, 40),
    st.none() | st.integers(0, 20),
)


def texts(fitted: Fitted) -> list[str]:
    """The lines in logical order, as far as they are in one direction."""
    return ["".join(run.piece.text for run in line.runs) for line in fitted.lines]


@patient
@given(any_text, st.integers(0, 900), styles)
def test_no_line_is_wider_than_the_room(text: str, width: int, style: TextStyle) -> None:
    assert fit(text, width, style).width <= width


@patient
@given(any_text, st.integers(0, 900), styles)
def test_no_text_is_smaller_than_the_floor(text: str, width: int, style: TextStyle) -> None:
    fitted = fit(text, width, style)
    assert style.floor <= fitted.size <= style.size
    assert all(line.size == fitted.size for line in fitted.lines)
    assert len(fitted.lines) <= (2 if style.wrapped_size else 1)
    if len(fitted.lines) == 2:
        assert style.wrapped_size is not None
        assert fitted.size <= style.wrapped_size


@patient
@given(any_text, st.integers(0, 900), styles)
def test_only_text_at_the_floor_is_cut(text: str, width: int, style: TextStyle) -> None:
    fitted = fit(text, width, style)
    if fitted.cut:
        assert fitted.size == style.floor


def test_text_with_room_keeps_its_size() -> None:
    assert fit("Ajax", 600, TWO_LINES).size == 60


def test_text_shrinks_before_it_wraps_and_wraps_before_it_is_cut() -> None:
    words = ["Borussia", "Mönchengladbach", "Verein", "für", "Leibesübungen", "1900", "e.V."]
    shapes = [fit(" ".join(words[:count]), 480, TWO_LINES) for count in range(1, 8)]
    sizes = [fitted.size for fitted in shapes]
    lines = [len(fitted.lines) for fitted in shapes]
    assert sizes == sorted(sizes, reverse=True)
    assert lines == sorted(lines)
    assert [fitted.cut for fitted in shapes] == [False] * 6 + [True]


def test_two_lines_are_about_as_wide() -> None:
    first, second = texts(fit("Wolverhampton Wanderers Football Club", 520, TWO_LINES))
    assert (first, second) == ("Wolverhampton", "Wanderers Football Club") or (
        first,
        second,
    ) == ("Wolverhampton Wanderers", "Football Club")


@pytest.mark.parametrize("style", [ONE_LINE, TWO_LINES])
def test_text_that_does_not_fit_ends_with_an_ellipsis(style: TextStyle) -> None:
    for width in range(400, 500, 7):
        last = texts(fit("word " * 60, width, style))[-1]
        assert last.endswith(ELLIPSIS)
        assert last[-2] in "word"
        assert len(last) > 15


def test_the_ellipsis_of_right_to_left_text_stands_on_the_left() -> None:
    line = fit("الهلال السعودي " * 9, 300, ONE_LINE).lines[0]
    assert line.runs[0].piece.text.startswith(ELLIPSIS)


def test_a_word_too_long_for_a_line_breaks_inside() -> None:
    fitted = fit("W" * 24, 500, TWO_LINES)
    assert len(fitted.lines) == 2
    assert not fitted.cut
    assert "".join(texts(fitted)) == "W" * 24


def test_no_room_at_all_leaves_nothing() -> None:
    assert fit("Ajax", 5, ONE_LINE).width == 0


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_honest_names_are_shown_whole(name: str) -> None:
    assert not fit(name, 552, TWO_LINES).cut


def test_japanese_breaks_between_characters_but_not_before_closing_ones() -> None:
    first, second = texts(fit("浦和レッドダイヤモンズ東京ヴェルディ" * 2, 560, TWO_LINES))
    assert second[0] not in "ッャュョェィーン・"
    assert len(first) > 10


def test_texts_side_by_side_have_similar_sizes() -> None:
    long, short = fit_alike(["Wolverhampton Wanderers " * 2, "Ajax"], 520, TWO_LINES)
    assert short.size <= 1.2 * long.size + 1
    assert short.size < fit("Ajax", 520, TWO_LINES).size


def test_short_texts_side_by_side_both_keep_their_size() -> None:
    assert [fitted.size for fitted in fit_alike(["Ajax", "PSV"], 520, TWO_LINES)] == [60, 60]
