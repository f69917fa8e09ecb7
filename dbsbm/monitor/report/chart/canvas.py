"""matplotlib, imported when the first chart is drawn and by whoever draws alone.

It takes a second and 90 MiB, and where it was never used before it looks for the system's fonts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dbsbm.slips.faces import FONT_DIRECTORY, Weight

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import FancyBboxPatch

DOTS_PER_INCH = 100
_POINTS = 72 / DOTS_PER_INCH


def points(pixels: float) -> float:
    """A size in matplotlib's points."""
    return pixels * _POINTS


def new_canvas(width: int, height: int) -> Figure:
    """An empty canvas; its size is in pixels. It belongs to no window and to no other canvas."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - see the module

    return Figure(figsize=(width / DOTS_PER_INCH, height / DOTS_PER_INCH), dpi=DOTS_PER_INCH)


@cache
def face(weight: Weight) -> FontProperties:
    """The house's face, of one weight."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - see the module

    return FontProperties(fname=FONT_DIRECTORY / weight.value)


def rgb(color: str) -> tuple[float, float, float]:
    """Red, green and blue of `#rrggbb`, each from 0 to 1."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def rounded_box(
    place: tuple[float, float], width: float, height: float, color: str
) -> FancyBboxPatch:
    """A filled box with round corners, in the units of the axes that it is added to."""
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415 - see the module

    shape = "round,pad=0,rounding_size=16"
    return FancyBboxPatch(place, width, height, boxstyle=shape, facecolor=color, edgecolor="none")


def as_paths(salt: str) -> AbstractContextManager[None]:
    """While this is on, texts become shapes, and the same drawing becomes the same file."""
    from matplotlib import rc_context  # noqa: PLC0415 - see the module

    return rc_context({"svg.fonttype": "path", "svg.hashsalt": salt})
