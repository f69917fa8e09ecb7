"""Drawing a slip: the layout says where, the theme in which colours, the wording what."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor
from typing import Literal

from PIL import Image

from dbsbm.slips import wording
from dbsbm.slips.avatar import open_avatar
from dbsbm.slips.color import INK, WHITE, Color, contrast, from_name, mix, parse, readable_on
from dbsbm.slips.faces import Weight
from dbsbm.slips.fitting import Fitted, TextStyle, fit, fit_alike
from dbsbm.slips.graphemes import clean, clusters
from dbsbm.slips.layout import NOTE_WIDTH, SMALLEST_TEXT, Box, StraightLayout, straight
from dbsbm.slips.model import StraightSlip, Team
from dbsbm.slips.png import encode
from dbsbm.slips.shapes import fill_circle, fill_rounded, gradient, inset
from dbsbm.slips.text import Line, paint
from dbsbm.slips.theme import DARK, Theme

Align = Literal["left", "center", "right"]

SANDBOX = TextStyle(Weight.BOLD, 32, SMALLEST_TEXT)
ICON = TextStyle(Weight.BOLD, 44, 44)
LEAGUE = TextStyle(Weight.SEMIBOLD, 40, SMALLEST_TEXT)
OPEN = TextStyle(Weight.SEMIBOLD, 30, SMALLEST_TEXT)
SETTLED = TextStyle(Weight.BOLD, 44, 32)
INITIALS = TextStyle(Weight.BOLD, 66, 36)
NAME = TextStyle(Weight.SEMIBOLD, 48, 30, wrapped_size=42)
VERSUS = TextStyle(Weight.BOLD, 68, 68)
MOMENT = TextStyle(Weight.MEDIUM, 34, SMALLEST_TEXT)
LABEL = TextStyle(Weight.SEMIBOLD, 28, SMALLEST_TEXT)
PICK = TextStyle(Weight.BOLD, 54, 32, wrapped_size=36)
LINE = TextStyle(Weight.BOLD, 54, 40)
ODDS = TextStyle(Weight.BOLD, 66, 40)
MONEY = TextStyle(Weight.BOLD, 42, 30)
NOTE = TextStyle(Weight.MEDIUM, 34, SMALLEST_TEXT, wrapped_size=34)
CAPPER = TextStyle(Weight.SEMIBOLD, 36, SMALLEST_TEXT)
RECEIPT = TextStyle(Weight.MEDIUM, 28, SMALLEST_TEXT)

_CAP_HEIGHT = 0.727  # of the font size, in Inter
_WORD_GAP = 20  # between two texts of one line


def image_size(slip: StraightSlip) -> tuple[int, int]:
    """Return the width and height of the slip's picture in pixels."""
    return _layout(slip).size


def render(slip: StraightSlip, theme: Theme = DARK) -> bytes:
    """Draw a slip and return it as a PNG file. The same slip always gives the same bytes."""
    return encode(_Drawing(slip, theme).draw())


def write(
    image: Image.Image,
    box: Box,
    text: str | Fitted,
    *,
    style: TextStyle,
    color: Color,
    align: Align = "left",
) -> Fitted:
    """Fit text into a box, centred in its height by capitals, and return how it was fitted.

    Nothing is painted outside the box, whatever a font does.
    """
    fitted = fit(text, box.width, style) if isinstance(text, str) else text
    for line, baseline in zip(fitted.lines, baselines(fitted, box.height), strict=True):
        slack = box.width - line.width
        x = {"left": 0.0, "center": slack / 2, "right": slack}[align]
        _paint_inside(image, box, (box.x + x, box.y + baseline), line, color)
    return fitted


def baselines(fitted: Fitted, height: int) -> list[int]:
    """Return how far below the top of a box each line sits if its capitals are centred there."""
    capital = fitted.size * _CAP_HEIGHT
    block = (len(fitted.lines) - 1) * fitted.leading + capital
    first = round((height - block) / 2 + capital)
    return [first + index * fitted.leading for index in range(len(fitted.lines))]


def _paint_inside(
    image: Image.Image, box: Box, at: tuple[float, int], line: Line, color: Color
) -> None:
    """Paint a line on the part of its box that it inks, cut out and put back."""
    x, baseline = at
    top, bottom = baseline + floor(line.top), baseline + ceil(line.bottom)
    inked = box.meet(Box(floor(x), top, ceil(line.width) + 1, bottom - top))
    region = image.crop(inked.edges)
    paint(region, (x - inked.x, baseline - inked.y), line, color)
    image.paste(region, (inked.x, inked.y))


class _Drawing:
    """One slip being drawn: what every part of it needs to know."""

    def __init__(self, slip: StraightSlip, theme: Theme) -> None:
        self.slip = slip
        self.theme = theme
        self.colors = theme.status(slip.status)
        self.layout = _layout(slip)
        self.image = _canvas(self.layout, theme).copy()

    def draw(self) -> Image.Image:
        self._sandbox()
        self._header()
        self._teams()
        self._card()
        self._note()
        self._footer()
        return self.image

    def _write(
        self, box: Box, text: str | Fitted, style: TextStyle, color: Color, align: Align = "left"
    ) -> Fitted:
        return write(self.image, box, text, style=style, color=color, align=align)

    def _sandbox(self) -> None:
        if self.layout.sandbox is None:
            return
        caution = self.theme.caution
        self.image.paste(caution, self.layout.sandbox.edges)
        words = "SANDBOX DATA · NOT A REAL GAME"
        self._write(self.layout.sandbox, words, SANDBOX, readable_on(caution, None), "center")

    def _header(self) -> None:
        layout = self.layout
        self.image.paste(self.colors.band, layout.header.edges)
        taken = layout.status.right - self._status()
        icon = wording.sport_icon(self.slip.sport)
        self._write(layout.icon, icon, ICON, self.theme.text)
        x = layout.league.x if icon else layout.icon.x
        league = Box(x, layout.league.y, layout.league.right - taken - x, layout.league.height)
        self._write(league, self.slip.league, LEAGUE, self.theme.text)

    def _status(self) -> int:
        """Write word and result at the right, and return where what is left of them may end."""
        box, text = self.layout.status, self.theme.text
        word = wording.STATUS_WORDS[self.slip.status]
        if self.slip.status == "open":
            return _left_of(box, self._write(box, word, OPEN, self.theme.muted, "right")).right
        result = self._write(box, wording.result(self.slip), SETTLED, text, "right")
        color = mix(text, self.colors.band, 0.25) if result.width else text
        rest = _left_of(box, result)
        return _left_of(rest, self._write(rest, word, SETTLED, color, "right")).right

    def _teams(self) -> None:
        slip, layout = self.slip, self.layout
        names = (wording.team_name(slip.home, "Home"), wording.team_name(slip.away, "Away"))
        fitted = fit_alike(names, layout.home.name.width, NAME)
        for side, team, boxes, name in (
            ("home", slip.home, layout.home, fitted[0]),
            ("away", slip.away, layout.away, fitted[1]),
        ):
            picked = slip.pick == side
            self._badge(boxes.badge, team, wording.initials(team, side), picked=picked)
            color = self.colors.accent if picked else self.theme.text
            self._write(boxes.name, name, NAME, color, "center")
        self._write(layout.versus, "VS", VERSUS, self.theme.gold, "center")
        self._write(layout.day, wording.day(slip.starts_at), MOMENT, self.theme.text, "center")
        self._write(layout.clock, wording.clock(slip.starts_at), MOMENT, self.theme.muted, "center")

    def _badge(self, box: Box, team: Team, initials: list[str], *, picked: bool) -> None:
        main = parse(team.color) or from_name(team.name or team.abbreviation)
        second = parse(team.alternate_color)
        if picked:
            fill_circle(self.image, inset(box, -16), self.colors.accent)
            fill_circle(self.image, inset(box, -9), self.theme.top)
        fill_circle(self.image, box, _edge(main, second, self.theme.top))
        disc = inset(box, 7)
        shade = gradient((disc.width, disc.height), mix(main, WHITE, 0.10), mix(main, INK, 0.18))
        fill_circle(self.image, disc, shade)
        letters = inset(box, 22)
        options = (fit(text, letters.width, INITIALS) for text in initials)
        fitted = next((option for option in options if not option.cut), None)
        if fitted is not None:
            self._write(letters, fitted, INITIALS, readable_on(main, second), "center")

    def _card(self) -> None:
        layout, theme = self.layout, self.theme
        self._write(layout.market, self.slip.market.upper(), LABEL, theme.muted)
        self._write(layout.odds_label, "ODDS", LABEL, theme.muted, "right")
        self._pick_and_odds()
        self._money()

    def _pick_and_odds(self) -> None:
        layout, slip = self.layout, self.slip
        odds = self._write(layout.odds, wording.odds(slip), ODDS, self.theme.text, "right")
        room = _left_of(layout.pick, odds)
        line = fit(wording.line(slip), room.width, LINE)
        pick = wording.subject(slip)
        name = self._write(_left_of(room, line), pick, PICK, self.colors.accent)
        self._write(_right_of(room, name), line, LINE, self.colors.accent)

    def _money(self) -> None:
        layout, slip, theme = self.layout, self.slip, self.theme
        label = self._write(layout.risk, "RISK", LABEL, theme.muted)
        self._write(_right_of(layout.risk, label), wording.units(slip.risk), MONEY, theme.gold)
        gain = self._write(layout.to_win, wording.units(slip.to_win), MONEY, theme.gold, "right")
        self._write(_left_of(layout.to_win, gain), "TO WIN", LABEL, theme.muted, "right")

    def _note(self) -> None:
        note = _note(self.slip)
        if self.layout.note is not None and note is not None:
            fill_rounded(self.image, self.layout.note.bar, 3, self.theme.gold)
            self._write(self.layout.note.words, note, NOTE, self.theme.text)

    def _footer(self) -> None:
        slip, layout = self.slip, self.layout
        receipt = f"Bet #{slip.bet_id} · {wording.stamp(slip.placed_at)}"
        written = self._write(layout.receipt, receipt, RECEIPT, self.theme.muted, "right")
        name = clean(slip.capper_name) or "Unknown"
        self._avatar(layout.avatar, name)
        self._write(_left_of(layout.capper, written), name, CAPPER, self.theme.text)

    def _avatar(self, box: Box, name: str) -> None:
        background = from_name(name)
        picture = open_avatar(self.slip.capper_avatar, box.width)
        if picture is None:
            fill_circle(self.image, box, background)
            initial = clusters(name)[0].upper()
            ink = readable_on(background, None)
            self._write(inset(box, 6), initial, CAPPER, ink, "center")
            return
        opaque = Image.new("RGB", picture.size, background)
        opaque.paste(picture, mask=picture)
        fill_circle(self.image, box, opaque)


def _layout(slip: StraightSlip) -> StraightLayout:
    note = _note(slip)
    return straight(sandbox=slip.sandbox, note_lines=len(note.lines) if note else 0)


# What slips of one shape have in common: a canvas is 3 MB, and there are few shapes.
@lru_cache(maxsize=4)
def _canvas(layout: StraightLayout, theme: Theme) -> Image.Image:
    image = gradient(layout.size, theme.top, theme.bottom)
    fill_rounded(image, layout.card, 28, theme.line)
    fill_rounded(image, inset(layout.card, 2), 26, theme.card)
    image.paste(theme.line, layout.rule.edges)
    return image


def _note(slip: StraightSlip) -> Fitted | None:
    return fit(slip.note, NOTE_WIDTH, NOTE) if clean(slip.note or "") else None


def _edge(main: Color, second: Color | None, background: Color) -> Color:
    """Return a ring colour that stands out from the badge and from what is behind it."""
    if second is not None and contrast(second, main) > 1.5 and contrast(second, background) > 1.5:
        return second
    return mix(main, WHITE, 0.4)


def _right_of(box: Box, written: Fitted) -> Box:
    taken = round(written.width) + _WORD_GAP
    return Box(box.x + taken, box.y, box.width - taken, box.height)


def _left_of(box: Box, written: Fitted) -> Box:
    taken = round(written.width) + _WORD_GAP if written.width else 0
    return Box(box.x, box.y, box.width - taken, box.height)
