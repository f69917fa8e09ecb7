from __future__ import annotations

from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from dbsbm.slips import faces
from dbsbm.slips.faces import Weight
from dbsbm.slips.graphemes import clean
from dbsbm.slips.text import paint, shape, split
from tests.unit.slips.examples import NAMES, any_text, patient

BLACK = (0, 0, 0)


def painted(text: str, size: int) -> tuple[int, int, int, int] | None:
    """Edges of what a line paints, seen from the left end of its baseline."""
    line = shape(text, Weight.SEMIBOLD, size)
    canvas = Image.new("RGB", (ceil(line.width) + 400, 600), BLACK)
    paint(canvas, (200, 300), line, (255, 255, 255))
    box = ImageChops.difference(canvas, Image.new("RGB", canvas.size, BLACK)).getbbox()
    return box and (box[0] - 200, box[1] - 300, box[2] - 200, box[3] - 300)


@patient
@given(any_text, st.integers(28, 72))
def test_a_line_paints_nothing_outside_its_measure(text: str, size: int) -> None:
    line = shape(clean(text), Weight.SEMIBOLD, size)
    box = painted(clean(text), size)
    if box is not None:
        left, top, right, bottom = box
        # A pixel of tolerance: pens stand between pixels, ink does not.
        assert left >= -1
        assert right <= ceil(line.width) + 1
        assert top >= floor(line.top) - 1
        assert bottom <= ceil(line.bottom) + 1


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_script_leaves_ink(name: str) -> None:
    assert painted(clean(name), 40) is not None


@patient
@given(any_text)
def test_pieces_in_order_are_the_text_but_for_what_cannot_be_drawn(text: str) -> None:
    cleaned = clean(text)
    pieces = split(cleaned, Weight.MEDIUM, 0)
    assert len("".join(piece.text for piece in pieces)) <= len(cleaned)
    for piece in pieces:
        assert piece.face is not None or piece.text == "\ufffd"


def test_arabic_letters_join() -> None:
    def gaps(text: str) -> int:
        line = shape(text, Weight.SEMIBOLD, 60)
        image = Image.new("RGB", (ceil(line.width) + 2, 160))
        paint(image, (1, 100), line, (255, 255, 255))
        left, _, right, _ = image.getbbox() or (0, 0, 0, 0)
        columns = [image.crop((x, 0, x + 1, 160)).getbbox() for x in range(left, right)]
        return columns.count(None)

    assert gaps("محمد") == 0
    assert gaps("م\u200cح\u200cم\u200cد") > 0


@pytest.mark.parametrize("cluster", ["🇧🇷", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏽", "1️⃣", "❤️‍🔥"])
def test_an_emoji_of_many_characters_is_one_picture(cluster: str) -> None:
    assert shape(cluster, Weight.BOLD, 60).width == shape("😀", Weight.BOLD, 60).width


def test_a_line_of_two_directions_is_set_in_visual_order() -> None:
    line = shape("FC الأهلي 1907", Weight.BOLD, 40)
    texts = [run.piece.text.strip() for run in line.runs]
    assert texts[0] == "FC"
    assert texts.index("1907") < texts.index("الأهلي")


def test_spaces_come_from_a_font_that_has_them() -> None:
    for name in NAMES.values():
        for piece in split(clean(name), Weight.BOLD, 0):
            assert " " not in piece.text or ord(" ") in faces.coverage(str(piece.face))


def test_empty_text_is_an_empty_line() -> None:
    line = shape("", Weight.BOLD, 40)
    assert line.runs == ()
    assert line.width == 0
