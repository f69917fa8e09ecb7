from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.slips.bidi import base_level, levels, visual_order
from dbsbm.slips.graphemes import clean
from tests.unit.slips.examples import any_text, patient


def shown(text: str, base: int) -> str:
    return "".join(visual_order(list(text), levels(text, base)))


# Hebrew letters stand for themselves, Arabic ones for numbers after them: see rule W2.
@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("abc", 0, "abc"),
        ("אבג", 0, "גבא"),
        ("abc אבג def", 0, "abc גבא def"),
        ("abc אבג def", 1, "def גבא abc"),
        ("אבג 12", 1, "12 גבא"),
        ("אבג 12-3", 1, "12-3 גבא"),  # W4: one separator between European numbers
        ("مح 12-3", 1, "3-12 حم"),  # W2 makes them Arabic numbers, which it parts
        ("אבג 50%", 1, "50% גבא"),  # W5
        ("abc 12 אבג", 0, "abc 12 גבא"),  # W7
        ("אבג (U21)", 1, "(U21( גבא".replace("(U21(", ")U21(")),
        ("abc (אבג)", 0, "abc (גבא)"),  # N0: the pair takes the side of the line
        ("אב (גד) הו", 1, "וה )דג( בא"),
        ("אב!", 0, "בא!"),
        ("אב!", 1, "!בא"),
        ("אב  ", 0, "בא  "),  # L1
        ("", 0, ""),
    ],
)
def test_text_is_ordered_as_the_standard_says(text: str, base: int, expected: str) -> None:
    assert shown(text, base) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("abc אב", 0), ("אב abc", 1), ("12 مح", 1), ("123 !", 0), ("", 0)]
)
def test_the_first_letter_decides_the_side_of_a_line(text: str, expected: int) -> None:
    assert base_level(text) == expected


@patient
@given(any_text.map(clean), st.sampled_from([0, 1]))
def test_every_character_is_shown_once(text: str, base: int) -> None:
    found = levels(text, base)
    assert len(found) == len(text)
    assert all(base <= level <= base + 2 for level in found)
    assert sorted(shown(text, base)) == sorted(text)


@patient
@given(st.text(st.characters(max_codepoint=0x24F)))
def test_western_text_keeps_its_order(text: str) -> None:
    assert shown(text, 0) == text
