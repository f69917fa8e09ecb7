from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from dbsbm.slips.graphemes import ELLIPSIS, MAX_CLUSTERS, REPLACEMENT, clean, clusters, is_flag
from tests.unit.slips.examples import NAMES, ZALGO, any_text, patient

HIDDEN = {"Cc", "Cs", "Co", "Zl", "Zp"}
OVERRIDES = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@patient
@given(any_text)
def test_cleaned_text_holds_nothing_that_hides_or_reorders(text: str) -> None:
    cleaned = clean(text)
    assert not OVERRIDES & set(cleaned)
    assert not {unicodedata.category(char) for char in cleaned} & HIDDEN
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned


@patient
@given(any_text)
def test_cleaning_cleaned_text_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@patient
@given(any_text)
def test_clusters_joined_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_cleaning_leaves_honest_names_alone(name: str) -> None:
    assert clean(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "cluster",
    ["👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏽", "1️⃣", "🇧🇷", "❤️‍🔥", "🫱🏻‍🫲🏿", "क्ष", "e\u0302", "บั๊"],
)
def test_what_a_reader_sees_as_one_is_one_cluster(cluster: str) -> None:
    assert clusters(cluster) == [cluster]


def test_flags_side_by_side_stay_apart() -> None:
    assert clusters("🇧🇷🇫🇷🇩") == ["🇧🇷", "🇫🇷", "🇩"]
    assert is_flag("🇧🇷")
    assert not is_flag("BR")


def test_marks_do_not_pile_up_on_a_letter() -> None:
    for cluster in clusters(clean(ZALGO)):
        assert sum(unicodedata.category(char) == "Mn" for char in cluster) <= 3


def test_a_mark_is_not_repeated_on_one_letter() -> None:
    assert clean("ก" + "\u0e47" * 20) == "ก\u0e47"


def test_marks_without_a_letter_go() -> None:
    assert clean("\u0301\u0301 a \u0301b") == "a b"


def test_one_cluster_cannot_be_endless() -> None:
    assert max(map(len, clusters("👨" + "\u200d👨" * 500))) < 30


def test_blank_letters_count_as_space() -> None:
    assert clean("\u3164\u2800 \u115f") == ""
    assert clean("a\u3164\u3164b\tc\nd") == "a b c d"


def test_what_means_nothing_becomes_the_replacement_character() -> None:
    assert clean("a\ue000\ud800") == "a" + REPLACEMENT * 2


@pytest.mark.parametrize("text", ["W" * 100_000, "漢" * 100_000, "a\u0301" * 100_000])
def test_text_is_not_longer_than_can_be_shown(text: str) -> None:
    assert len(clusters(clean(text))) == MAX_CLUSTERS
    assert clean(text).endswith(ELLIPSIS)
