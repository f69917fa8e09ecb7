"""The colours of charts: those of the slips in pictures, the page's own variables in a page."""

from __future__ import annotations

from dataclasses import dataclass

from dbsbm.slips.color import Color
from dbsbm.slips.theme import DARK


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as matplotlib takes them.

    Attributes:
        top: Background at the upper edge; it fades into `bottom`.
        bottom: Background at the lower edge.
        card: What a panel lies on.
        line: Grid lines.
        text: What is read first.
        muted: Labels.
        better: A change that is good news.
        worse: One that is not.
        series: Lines and layers, in turn.
    """

    top: str
    bottom: str
    card: str
    line: str
    text: str
    muted: str
    better: str
    worse: str
    series: tuple[str, ...]


def _hex(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


PICTURE = Palette(
    top=_hex(DARK.top),
    bottom=_hex(DARK.bottom),
    card=_hex(DARK.card),
    line=_hex(DARK.line),
    text=_hex(DARK.text),
    muted=_hex(DARK.muted),
    better=_hex(DARK.won.accent),
    worse=_hex(DARK.lost.accent),
    series=(
        _hex(DARK.push.accent),
        _hex(DARK.gold),
        _hex(DARK.half_won.accent),
        _hex(DARK.half_lost.accent),
        _hex(DARK.void.accent),
    ),
)

# matplotlib knows no variables: each of these stands for one, and is replaced when it has drawn.
_VARIABLES = {
    "#010101": "var(--card)",
    "#010102": "var(--line)",
    "#010103": "var(--text)",
    "#010104": "var(--muted)",
    "#010105": "var(--better)",
    "#010106": "var(--worse)",
    **{f"#01020{number}": f"var(--series-{number})" for number in range(5)},
}

PAGE = Palette(
    top="#010101",
    bottom="#010101",
    card="#010101",
    line="#010102",
    text="#010103",
    muted="#010104",
    better="#010105",
    worse="#010106",
    series=tuple(f"#01020{number}" for number in range(5)),
)


def with_variables(svg: str) -> str:
    """A drawing in the colours of `PAGE`, as the page's style sheet has them."""
    for color, variable in _VARIABLES.items():
        svg = svg.replace(color, variable)
    return svg
