"""The colours of a slip. A theme's name is part of the cache key of what is drawn with it."""

from __future__ import annotations

from dataclasses import dataclass

from dbsbm.slips.color import Color
from dbsbm.slips.model import Status


@dataclass(frozen=True)
class StatusColors:
    """How one state looks: the band behind the header, and the pick and the result in text."""

    band: Color
    accent: Color


@dataclass(frozen=True)
class Theme:
    """Colours by what they are for.

    Attributes:
        name: Unique name; part of the cache key.
        top: Background at the upper edge; it fades into `bottom`.
        bottom: Background at the lower edge.
        card: Raised surfaces.
        line: Hairlines and outlines.
        text: What is read first.
        muted: Labels and small print.
        gold: Money, and the VS.
        caution: The sandbox mark.
        open: Each state in turn.
    """

    name: str
    top: Color
    bottom: Color
    card: Color
    line: Color
    text: Color
    muted: Color
    gold: Color
    caution: Color
    open: StatusColors
    won: StatusColors
    lost: StatusColors
    push: StatusColors
    half_won: StatusColors
    half_lost: StatusColors
    void: StatusColors

    def status(self, status: Status) -> StatusColors:
        """Return the colours of a state."""
        colors: StatusColors = getattr(self, status)
        return colors


# Sits on Discord's dark chat (#313338 to #1A1A1E) without glaring out of it or sinking into it.
DARK = Theme(
    name="dark",
    top=(38, 43, 57),
    bottom=(28, 32, 43),
    card=(48, 54, 71),
    line=(66, 73, 94),
    text=(245, 247, 251),
    muted=(162, 170, 190),
    gold=(247, 201, 88),
    caution=(255, 196, 61),
    open=StatusColors(band=(32, 36, 48), accent=(82, 222, 138)),
    won=StatusColors(band=(25, 122, 72), accent=(82, 222, 138)),
    lost=StatusColors(band=(168, 47, 58), accent=(255, 128, 132)),
    push=StatusColors(band=(72, 86, 122), accent=(164, 186, 245)),
    half_won=StatusColors(band=(23, 108, 98), accent=(92, 214, 190)),
    half_lost=StatusColors(band=(150, 72, 34), accent=(255, 168, 112)),
    void=StatusColors(band=(84, 88, 100), accent=(190, 196, 210)),
)
