"""Where everything on a slip goes: pure geometry in pixels, no fonts and no drawing.

Discord shows the 1200 pixels of width at 525 on a desktop and at about 400 on a phone, so what
is 30 here is read at 10: nothing that matters is smaller than `SMALLEST_TEXT`.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 1200
SMALLEST_TEXT = 28

MARGIN = 48
_SANDBOX_HEIGHT = 56
_HEADER_HEIGHT = 100
_BADGE = 184
_EDGE = 24  # what a long team name leaves free on both sides
_NAME_HEIGHT = 128
_PICK_HEIGHT, _MONEY_HEIGHT = 156, 92
_PADDING = 36  # inside the card
_NOTE_GAP, _NOTE_LINE = 20, 44
NOTE_WIDTH = WIDTH - 2 * MARGIN - 28
_FOOTER_HEIGHT = 116
_AVATAR = 64
_MIDDLE = 280  # room between the badges


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, from its top left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column to the right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.y + self.height

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, as Pillow takes them."""
        return self.x, self.y, self.right, self.bottom

    def meet(self, other: Box) -> Box:
        """Return what both boxes cover; empty where they are apart."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Box(x, y, max(right - x, 0), max(bottom - y, 0))


@dataclass(frozen=True)
class SideBoxes:
    """One team: its round badge and the name under it."""

    badge: Box
    name: Box


@dataclass(frozen=True)
class NoteBoxes:
    """The capper's own words, and the bar before them that marks a quotation."""

    bar: Box
    words: Box

    @property
    def bottom(self) -> int:
        """First row below the note."""
        return self.words.bottom


@dataclass(frozen=True)
class StraightLayout:
    """The boxes of a straight-bet slip. Rows that a slip may lack are None where it does."""

    size: tuple[int, int]
    sandbox: Box | None
    header: Box
    icon: Box
    league: Box
    status: Box
    home: SideBoxes
    away: SideBoxes
    versus: Box
    day: Box
    clock: Box
    card: Box
    market: Box
    odds_label: Box
    pick: Box
    odds: Box
    rule: Box
    risk: Box
    to_win: Box
    note: NoteBoxes | None
    avatar: Box
    capper: Box
    receipt: Box


def straight(*, sandbox: bool, note_lines: int) -> StraightLayout:
    """Lay out a straight-bet slip.

    Args:
        sandbox: Whether the sandbox mark takes a row at the top.
        note_lines: Lines of the capper's note above the footer; 0 without one.
    """
    header = Box(0, _SANDBOX_HEIGHT if sandbox else 0, WIDTH, _HEADER_HEIGHT)
    teams = Box(0, header.bottom + 44, WIDTH, _BADGE + _NAME_HEIGHT)
    card = Box(MARGIN, teams.bottom + 4, WIDTH - 2 * MARGIN, _PICK_HEIGHT + _MONEY_HEIGHT)
    note = _note(card, note_lines) if note_lines else None
    footer = Box(0, (note or card).bottom + 4, WIDTH, _FOOTER_HEIGHT)
    left, right = card.x + _PADDING, card.right - _PADDING
    rule = Box(left, card.y + _PICK_HEIGHT, right - left, 2)
    money = Box(left, rule.bottom, rule.width, _MONEY_HEIGHT - rule.height)
    middle = (WIDTH - _MIDDLE) // 2
    left_of_capper = MARGIN + _AVATAR + 16
    return StraightLayout(
        size=(WIDTH, footer.bottom),
        sandbox=Box(0, 0, WIDTH, _SANDBOX_HEIGHT) if sandbox else None,
        header=header,
        icon=Box(MARGIN, header.y, 56, header.height),
        league=Box(MARGIN + 68, header.y, WIDTH - 2 * MARGIN - 68, header.height),
        status=Box(WIDTH // 2, header.y, WIDTH // 2 - MARGIN, header.height),
        home=_side(Box(_EDGE, teams.y, WIDTH // 2 - 2 * _EDGE, teams.height)),
        away=_side(Box(WIDTH // 2 + _EDGE, teams.y, WIDTH // 2 - 2 * _EDGE, teams.height)),
        versus=Box(middle, teams.y + 6, _MIDDLE, 80),
        day=Box(middle, teams.y + 92, _MIDDLE, 44),
        clock=Box(middle, teams.y + 136, _MIDDLE, 44),
        card=card,
        market=Box(left, card.y + 18, 560, 36),
        odds_label=Box(right - 260, card.y + 18, 260, 36),
        pick=Box(left, card.y + 56, right - left, 96),
        odds=Box(right - 260, card.y + 56, 260, 96),
        rule=rule,
        risk=Box(left, money.y, 500, money.height),
        to_win=Box(right - 500, money.y, 500, money.height),
        note=note,
        avatar=Box(MARGIN, footer.y + (_FOOTER_HEIGHT - _AVATAR) // 2, _AVATAR, _AVATAR),
        capper=Box(left_of_capper, footer.y, WIDTH - MARGIN - left_of_capper, _FOOTER_HEIGHT),
        receipt=Box(WIDTH - MARGIN - 640, footer.y, 640, _FOOTER_HEIGHT),
    )


def _note(card: Box, lines: int) -> NoteBoxes:
    bar = Box(card.x, card.bottom + _NOTE_GAP, 6, lines * _NOTE_LINE)
    return NoteBoxes(bar, Box(bar.right + 22, bar.y, NOTE_WIDTH, bar.height))


def _side(area: Box) -> SideBoxes:
    return SideBoxes(
        badge=Box(area.x + (area.width - _BADGE) // 2, area.y, _BADGE, _BADGE),
        name=Box(area.x, area.bottom - _NAME_HEIGHT, area.width, _NAME_HEIGHT),
    )
