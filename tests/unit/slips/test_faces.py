from __future__ import annotations

from functools import cache

import pytest
from fontTools.ttLib import TTFont

from dbsbm.slips import faces
from dbsbm.slips.faces import EMOJI, FALLBACKS, FONT_DIRECTORY, Weight, drawable, face_for
from dbsbm.slips.fonts import build
from dbsbm.slips.graphemes import JOINERS, REPLACEMENT, clean, clusters
from tests.unit.slips.examples import NAMES, python


@cache
def glyphs(face: str) -> dict[int, str]:
    with TTFont(FONT_DIRECTORY / face, lazy=True) as font:
        return dict(font.getBestCmap())


@pytest.mark.parametrize("weight", Weight)
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_script_has_a_font_with_its_glyphs(name: str, weight: Weight) -> None:
    for cluster in clusters(clean(name)):
        face = face_for(cluster, weight)
        assert face is not None
        for char in cluster:
            assert char in JOINERS or glyphs(face)[ord(char)] != ".notdef"


@pytest.mark.parametrize(
    "cluster",
    ["⚽", "🔥", "🇧🇷", "1️⃣", "❤️", "👨‍👩‍👧‍👦", "☎️", "\U0001fa77"],
)
def test_emoji_are_drawn_in_colour(cluster: str) -> None:
    assert face_for(cluster, Weight.BOLD) == EMOJI


@pytest.mark.parametrize("cluster", ["1", "#", "©", "™", "♥", "☎", "♥\ufe0e", "⚽\ufe0e"])
def test_text_that_could_be_an_emoji_stays_text(cluster: str) -> None:
    assert face_for(cluster, Weight.BOLD) not in {EMOJI, None}


@pytest.mark.parametrize(
    "cluster", ["\ufdd0", "\U000e0fff", "\U00012000", "\U00017000", REPLACEMENT]
)
def test_what_no_font_has_is_told(cluster: str) -> None:
    assert face_for(cluster, Weight.BOLD) is None
    assert drawable(cluster, Weight.BOLD) == REPLACEMENT


def test_a_letter_outlives_a_mark_that_no_font_sets_on_it() -> None:
    assert face_for("漢\u0e47", Weight.BOLD) is None
    assert drawable("漢\u0e47", Weight.BOLD) == "漢"


def test_the_chain_is_the_files_that_are_shipped() -> None:
    shipped = {path.name for path in FONT_DIRECTORY.glob("*.?tf")}
    assert {*FALLBACKS, *(str(weight) for weight in Weight)} == shipped


def test_every_file_is_named_with_its_origin_and_has_a_licence() -> None:
    readme = (FONT_DIRECTORY / "README.md").read_text()
    for source in (*build.COPIES, build.CJK_SOURCE):
        package = source.split("/")[0]
        name = build.CJK_TARGET if source == build.CJK_SOURCE else source.rpartition("/")[2]
        assert f"| {name} |" in readme
        assert f"| {package} |" in readme
        licence = (FONT_DIRECTORY / "licenses" / f"{package}.txt").read_text()
        assert "OFL" in licence or "SIL Open Font License" in licence


def test_the_subset_holds_the_characters_its_rule_names() -> None:
    missing = build.common_cjk() - faces.coverage(build.CJK_TARGET)
    # Symbols of the standards that the whole font lacks too.
    assert len(missing) < 70
    assert not {code for code in missing if 0x3400 <= code < 0xE000}


def test_importing_opens_no_font() -> None:
    program = (
        "import dbsbm.slips\n"
        "from dbsbm.slips import faces\n"
        "assert faces.coverage.cache_info().currsize == 0\n"
        "assert faces.load.cache_info().currsize == 0\n"
    )
    answer = python("-c", program)
    assert answer.returncode == 0, answer.stderr
