from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from dbsbm.slips import draw, image_size, render
from dbsbm.slips.color import contrast
from dbsbm.slips.draw import baselines, write
from dbsbm.slips.faces import Weight
from dbsbm.slips.fitting import TextStyle, fit
from dbsbm.slips.layout import NOTE_WIDTH, SMALLEST_TEXT, Box, straight
from dbsbm.slips.model import StraightSlip, Team
from dbsbm.slips.theme import DARK
from tests.unit.slips.examples import (
    AWAY,
    NAMES,
    SLIP,
    ZALGO,
    any_text,
    opened,
    patient,
    picture,
    python,
)

STYLES = {name: value for name, value in vars(draw).items() if isinstance(value, TextStyle)}
LAYOUT = straight(sandbox=True, note_lines=2)
NOTE_BOX = LAYOUT.note.words if LAYOUT.note else Box(0, 0, 0, 0)


def changed(before: StraightSlip, after: StraightSlip) -> tuple[int, int, int, int] | None:
    """Edges of the part of the picture that differs."""
    return ImageChops.difference(opened(render(before)), opened(render(after))).getbbox()


def inside(edges: tuple[int, int, int, int] | None, box: Box) -> bool:
    assert edges is not None
    return (
        box.meet(Box(edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1])).edges == edges
    )


def test_the_same_slip_is_the_same_file_in_another_process() -> None:
    program = (
        "import hashlib\n"
        "from tests.unit.slips.test_draw import BUSY\n"
        "from dbsbm.slips import render\n"
        "print(hashlib.sha256(render(BUSY)).hexdigest())"
    )
    answer = python("-c", program)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == hashlib.sha256(render(BUSY)).hexdigest()


BUSY = replace(
    SLIP,
    home=Team(NAMES["arabic"], "🇧🇷", None, None),
    away=Team(NAMES["japanese"], "", "#000000", "#000001"),
    capper_avatar=picture(),
    note="🔥 " + NAMES["thai"],
    sandbox=True,
    status="half_lost",
)


@pytest.mark.parametrize("slip", [SLIP, BUSY, replace(SLIP, note="word " * 90)])
def test_the_picture_has_the_size_that_was_announced(slip: StraightSlip) -> None:
    assert opened(render(slip)).size == image_size(slip)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_slip_is_drawn_with_names_of_every_script(name: str) -> None:
    team = Team(name, "", None, None)
    slip = replace(SLIP, home=team, away=team, capper_name=name, league=name, note=name)
    assert opened(render(slip)).size == image_size(slip)


@settings(deadline=None, max_examples=25)
@given(st.tuples(any_text, any_text, any_text, any_text), st.none() | st.binary(max_size=40))
def test_no_text_and_no_avatar_can_stop_a_slip(
    words: tuple[str, str, str, str], avatar: bytes | None
) -> None:
    first, second, third, fourth = words
    slip = replace(
        SLIP,
        home=Team(first, second, third, fourth),
        away=Team(fourth, third, second, first),
        league=second,
        sport=third,
        capper_name=fourth,
        capper_avatar=avatar,
        note=first,
    )
    assert opened(render(slip)).size == image_size(slip)


@patient
@given(
    any_text, st.integers(0, 500), st.integers(1, 120), st.sampled_from(["left", "center", "right"])
)
def test_nothing_is_painted_outside_of_a_box(
    text: str, width: int, height: int, align: Any
) -> None:
    image = Image.new("RGB", (700, 320))
    box = Box(100, 100, width, height)
    style = TextStyle(Weight.BOLD, 60, 28, wrapped_size=40)
    write(image, box, text, style=style, color=(255, 255, 255), align=align)
    image.paste((0, 0, 0), box.edges)
    assert image.getbbox() is None


@pytest.mark.parametrize(
    ("style", "box"),
    [
        ("LEAGUE", LAYOUT.league),
        ("INITIALS", LAYOUT.home.badge),
        ("NAME", LAYOUT.home.name),
        ("PICK", LAYOUT.pick),
        ("NOTE", NOTE_BOX),
        ("CAPPER", LAYOUT.capper),
    ],
)
@pytest.mark.parametrize("text", ["Åg", "Ågjy " * 3, "Ågjy Ĝçq " * 12, *NAMES.values()])
def test_the_words_of_others_are_not_clipped(style: str, box: Box, text: str) -> None:
    fitted = fit(text, box.width, STYLES[style])
    for line, baseline in zip(fitted.lines, baselines(fitted, box.height), strict=True):
        assert baseline + line.top >= 0
        assert baseline + line.bottom <= box.height


@pytest.mark.parametrize(
    ("style", "box", "words"),
    [
        ("SANDBOX", LAYOUT.sandbox, "SANDBOX"),
        ("ICON", LAYOUT.icon, "🏀"),
        ("OPEN", LAYOUT.status, "OPEN"),
        ("SETTLED", LAYOUT.status, "+1,234.56u"),
        ("VERSUS", LAYOUT.versus, "VS"),
        ("MOMENT", LAYOUT.day, "Sat 24 Aug"),
        ("LABEL", LAYOUT.market, "MONEYLINE"),
        ("LINE", LAYOUT.pick, "+231.25"),
        ("ODDS", LAYOUT.odds, "+100000"),
        ("MONEY", LAYOUT.risk, "1,234.56u"),
        ("RECEIPT", LAYOUT.receipt, "Bet #1234567890 · 24 Aug 2026, 20:30 UTC"),
    ],
)
def test_our_own_words_are_not_clipped_or_cut(style: str, box: Box, words: str) -> None:
    fitted = fit(words, box.width, STYLES[style])
    (line,), (baseline,) = fitted.lines, baselines(fitted, box.height)
    assert not fitted.cut
    assert baseline + line.top >= 0
    assert baseline + line.bottom <= box.height


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_no_text_can_become_too_small_to_read_on_a_phone(style: TextStyle) -> None:
    assert style.floor >= SMALLEST_TEXT
    assert style.floor <= (style.wrapped_size or style.floor) <= style.size
    assert SMALLEST_TEXT * 400 / 1200 > 9


@pytest.mark.parametrize("background", ["top", "bottom", "card"])
@pytest.mark.parametrize("color", ["text", "muted", "gold"])
def test_every_colour_of_the_theme_can_be_read(color: str, background: str) -> None:
    assert contrast(getattr(DARK, color), getattr(DARK, background)) >= 4.5


@pytest.mark.parametrize("status", ["open", "won", "lost", "push", "half_won", "half_lost", "void"])
def test_every_status_can_be_read_and_told(status: Any) -> None:
    colors = DARK.status(status)
    assert contrast(DARK.text, colors.band) >= 4.5
    assert contrast(colors.accent, DARK.card) >= 4.5
    assert opened(render(replace(SLIP, status=status))).getpixel((600, 20)) == colors.band


def test_statuses_have_different_colours() -> None:
    bands = {
        DARK.status(status).band
        for status in ("open", "won", "lost", "push", "half_won", "half_lost", "void")
    }
    assert len(bands) == 7


def test_made_up_games_say_so() -> None:
    assert LAYOUT.sandbox is not None
    marked = opened(render(replace(SLIP, sandbox=True))).crop(LAYOUT.sandbox.edges)
    plain = opened(render(SLIP)).crop(LAYOUT.sandbox.edges)
    assert marked.getpixel((5, 5)) == DARK.caution
    assert plain.getpixel((5, 5)) != DARK.caution
    colors = marked.getcolors(10_000) or []
    ink = sum(count for count, color in colors if contrast(color, DARK.caution) > 7)
    assert ink > 2000


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda slip: replace(slip, league="Other League"), lambda layout: layout.league),
        (lambda slip: replace(slip, sport="tennis"), lambda layout: layout.icon),
        (lambda slip: replace(slip, odds_american=150), lambda layout: layout.odds),
        (lambda slip: replace(slip, odds_format="decimal"), lambda layout: layout.odds),
        (lambda slip: replace(slip, risk=Decimal(2)), lambda layout: layout.risk),
        (lambda slip: replace(slip, to_win=Decimal(2)), lambda layout: layout.to_win),
        (lambda slip: replace(slip, line=Decimal("-1.75")), lambda layout: layout.pick),
        (lambda slip: replace(slip, bet_id=7), lambda layout: layout.receipt),
        (lambda slip: replace(slip, capper_avatar=picture()), lambda layout: layout.avatar),
        (
            lambda slip: replace(slip, away=replace(AWAY, name="Southport")),
            lambda layout: layout.away.name,
        ),
        (
            lambda slip: replace(slip, away=replace(AWAY, color="#AA0000")),
            lambda layout: layout.away.badge,
        ),
        (
            lambda slip: replace(slip, starts_at=slip.starts_at + timedelta(minutes=5)),
            lambda layout: layout.clock,
        ),
    ],
)
def test_a_value_changes_its_own_place_and_no_other(
    change: Callable[[StraightSlip], StraightSlip], where: Callable[[Any], Box]
) -> None:
    layout = straight(sandbox=False, note_lines=0)
    assert inside(changed(SLIP, change(SLIP)), where(layout))


def test_the_picked_team_is_marked() -> None:
    layout = straight(sandbox=False, note_lines=0)
    accent = DARK.open.accent

    def marked(slip: StraightSlip, box: Box) -> bool:
        colors = opened(render(slip)).crop(box.edges).getcolors(100_000) or []
        return any(color == accent for _, color in colors)

    assert marked(SLIP, layout.home.name)
    assert not marked(SLIP, layout.away.name)
    draw_pick = replace(SLIP, market="moneyline", pick="draw", line=None)
    assert not marked(draw_pick, layout.home.name)
    assert marked(draw_pick, layout.pick)


def test_marks_piled_on_a_name_do_not_reach_other_rows() -> None:
    layout = straight(sandbox=False, note_lines=0)
    zalgo = replace(SLIP, pick="away", line=Decimal(1), home=replace(SLIP.home, name=ZALGO))
    calm = replace(zalgo, home=replace(SLIP.home, name="Z"))
    assert inside(changed(zalgo, calm), layout.home.name)


def test_a_blank_note_takes_no_row() -> None:
    assert image_size(replace(SLIP, note=" \u200b\n ")) == image_size(SLIP)
    assert image_size(replace(SLIP, note="x"))[1] > image_size(SLIP)[1]


def test_the_note_is_measured_for_the_box_it_is_drawn_in() -> None:
    assert NOTE_BOX.width == NOTE_WIDTH


def test_a_broken_avatar_is_the_initial() -> None:
    assert render(replace(SLIP, capper_avatar=b"garbage")) == render(SLIP)
