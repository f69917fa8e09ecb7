from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.betting.text import MAX_MARKS, MAX_NAME, MAX_NOTE, clean_name, clean_note
from dbsbm.errors import UserError

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    "name",
    [
        "Sharp Sam",
        "Nguy\u1ec5n V\u0103n",
        "\u0645\u062d\u0645\u062f",
        "\u0628\u0631\u0627\u062f\u0631\u200c\u0647\u0627",  # Persian plural, with its non-joiner
        "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",  # pointed Hebrew
        "\u59cb\u7687\u5e1d",
        "\u0e1a\u0e38\u0e4a\u0e19",  # Thai: a vowel sign and a tone on one letter
        "\u0928\u092e\u0938\u094d\u0924\u0947",
        "\ud55c\uad6d",
        FAMILY,
        ENGLAND,
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f44d\U0001f3fd 1\ufe0f\u20e3",
        "\U0001f1fa\U0001f1f8",
    ],
)
def test_names_of_every_script_and_emoji_stay_as_they_are(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("\u202eevil\u202c", "evil"),
        ("a\u2066b\u2069c", "abc"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("line\none\ttwo", "line one two"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("  spaced \u00a0 out ", "spaced out"),
        ("Z" + "\u0335" * 40 + "a", "Z" + "\u0335" * MAX_MARKS + "a"),
        ("Z" + "\u0335\u202e" * 40, "Z" + "\u0335" * MAX_MARKS),
        ("Z" + "\u0335\u0335\u0335\u200d" * 9, "Z" + "\u0335" * MAX_MARKS + "\u200d"),
        ("\u3164\u3164", "Member"),
        ("\u200d\u200d", "Member"),
        ("\u0301\u0301", "Member"),
        ("", "Member"),
        ("a\U000e0068\U000e0069", "a"),
        ("x" * 100, "x" * MAX_NAME),
        ("x" * (MAX_NAME - 1) + "\u200dy", "x" * (MAX_NAME - 1)),
    ],
)
def test_what_hides_reorders_or_towers_is_removed(name: str, cleaned: str) -> None:
    assert clean_name(name).rstrip("\u200d") == cleaned.rstrip("\u200d")


NAMES = st.text(max_size=60) | st.text(
    st.sampled_from(
        "aZ \u0301\u0335\u05b8\u200c\u200d\u202e\u2066"
        "\ufe0f\u20e3\U0001f3f4\U000e0067\u3164\ufb2c\u0e38"
    ),
    max_size=60,
)


@given(NAMES)
def test_a_cleaned_name_can_be_seen_fits_and_is_clean(name: str) -> None:
    cleaned = clean_name(name)
    assert 1 <= len(cleaned) <= MAX_NAME
    assert clean_name(cleaned) == cleaned
    kinds = [unicodedata.category(char) for char in cleaned]
    assert not {"Cc", "Co", "Cs", "Zl", "Zp"}.intersection(kinds)
    assert any(kind[0] in "LNPS" for kind in kinds)


def test_a_note_keeps_its_lines_and_its_scripts() -> None:
    assert clean_note("  Lock of the day \U0001f512\r\n\u0645\u062d\u0645\u062f  ") == (
        "Lock of the day \U0001f512\n\u0645\u062d\u0645\u062f"
    )


@pytest.mark.parametrize("text", [None, "", "  \n ", "\u202e\u200b"])
def test_an_empty_note_is_no_note(text: str | None) -> None:
    assert clean_note(text) is None


def test_a_note_of_five_hundred_characters_fits() -> None:
    assert clean_note("n" * MAX_NOTE) == "n" * MAX_NOTE


@pytest.mark.parametrize("length", [MAX_NOTE + 1, 10_000])
def test_a_longer_note_is_refused_with_its_length(length: int) -> None:
    with pytest.raises(UserError, match=rf"has {length:,} characters and 500 fit"):
        clean_note("n" * length)


@given(NAMES)
def test_a_cleaned_note_is_clean(text: str) -> None:
    cleaned = clean_note(text)
    assert clean_note(cleaned) == cleaned
