from __future__ import annotations

from dataclasses import fields
from itertools import combinations, product

import pytest

from dbsbm.slips.layout import Box, NoteBoxes, SideBoxes, StraightLayout, straight

LAYOUTS = [
    straight(sandbox=sandbox, note_lines=lines)
    for sandbox, lines in product((False, True), (0, 1, 2))
]

# Boxes that are filled from both ends, and areas with others inside.
SHARED = {
    frozenset(pair)
    for pair in (
        ("league", "status"),
        ("pick", "odds"),
        ("risk", "to_win"),
        ("capper", "receipt"),
        ("market", "odds_label"),
    )
}
AREAS = {"header", "card"}


def boxes(layout: StraightLayout) -> dict[str, Box]:
    found: dict[str, Box] = {}
    for field in fields(layout):
        value = getattr(layout, field.name)
        if isinstance(value, Box):
            found[field.name] = value
        elif isinstance(value, SideBoxes | NoteBoxes):
            found |= {
                f"{field.name}.{part.name}": getattr(value, part.name) for part in fields(value)
            }
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_box_lies_inside_the_picture(layout: StraightLayout) -> None:
    picture = Box(0, 0, *layout.size)
    for box in boxes(layout).values():
        assert box.width > 0
        assert box.height > 0
        assert picture.meet(box) == box


@pytest.mark.parametrize("layout", LAYOUTS)
def test_boxes_do_not_overlap(layout: StraightLayout) -> None:
    single = {name: box for name, box in boxes(layout).items() if name not in AREAS}
    for (name, box), (other_name, other) in combinations(single.items(), 2):
        if frozenset((name, other_name)) not in SHARED:
            common = box.meet(other)
            assert not common.width * common.height, (name, other_name)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_teams_mirror_each_other(layout: StraightLayout) -> None:
    for home, away in (
        (layout.home.badge, layout.away.badge),
        (layout.home.name, layout.away.name),
    ):
        assert home.x == layout.size[0] - away.right
        assert home.y == away.y


def test_optional_rows_make_the_picture_taller() -> None:
    heights = [layout.size[1] for layout in LAYOUTS]
    assert heights[:3] == sorted(set(heights[:3]))
    assert heights[3] > heights[0]
    assert LAYOUTS[0].sandbox is None
    assert LAYOUTS[0].note is None


def test_boxes_that_are_apart_have_nothing_in_common() -> None:
    assert Box(0, 0, 10, 10).meet(Box(20, 20, 5, 5)) == Box(20, 20, 0, 0)
