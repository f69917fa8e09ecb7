"""Making text of any length fit its box: shrink, then wrap, then cut with an ellipsis."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from dbsbm.slips import bidi
from dbsbm.slips.faces import Weight
from dbsbm.slips.graphemes import ELLIPSIS, clean, clusters
from dbsbm.slips.text import Line, measure, shape, split

_STEP = 2  # pixels between the sizes tried; a finer step is not seen and fills the font cache
_LINE_HEIGHT = 1.22  # of the font size, baseline to baseline
_LARGEST_BESIDE = 1.2  # how much larger a text may be than the one beside it

# Scripts written without spaces between words: a line may end after any of their characters.
_FREE_BREAKS = (
    range(0x0E00, 0x0F00),  # Thai, Lao
    range(0x1000, 0x10A0),  # Burmese
    range(0x1780, 0x1800),  # Khmer
    range(0x2E80, 0xA000),  # CJK radicals to ideographs, with kana
    range(0xF900, 0xFB00),  # compatibility ideographs
    range(0x1F000, 0x20000),  # emoji
)
_BREAK_AFTER = frozenset(" -/&\u00b7\u2013\u2014")  # with the middle dot and both dashes
# Closing marks and small kana, which never begin a line in Chinese or Japanese (kinsoku).
_NEVER_FIRST = frozenset(
    " \u3001\u3002\u3009\u300b\u300d\u300f\u3011\u3015\u3005"  # stops, brackets, repetition
    "\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087"  # small hiragana
    "\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u30fb\u30fc"  # small katakana
    "\uff01\uff09\uff0c\uff0e\uff1a\uff1b\uff1f\uff3d\uff5d"  # full-width punctuation
)


@dataclass(frozen=True)
class TextStyle:
    """How a text may be fitted.

    Attributes:
        weight: Text face to try first.
        size: Font size in pixels where there is room.
        floor: Smallest font size in pixels; below it the text is cut instead.
        wrapped_size: Largest font size in pixels on two lines, or None to stay on one line.
            A text leaves the single line once it would have to be smaller than this on it.
    """

    weight: Weight
    size: int
    floor: int
    wrapped_size: int | None = None


@dataclass(frozen=True)
class Fitted:
    """Text that fits: no line is wider than the width asked for.

    Attributes:
        lines: From top to bottom, at least one.
        size: Font size in pixels of all lines.
        cut: Whether an ellipsis stands for the rest.
    """

    lines: tuple[Line, ...]
    size: int
    cut: bool

    @property
    def width(self) -> float:
        """Width of the widest line in pixels."""
        return max(line.width for line in self.lines)

    @property
    def leading(self) -> int:
        """Distance of two baselines in pixels."""
        return round(self.size * _LINE_HEIGHT)


@lru_cache(maxsize=1024)
def fit(text: str, width: int, style: TextStyle) -> Fitted:
    """Clean text and lay it out no wider than the width.

    Args:
        text: Anything, from anywhere.
        width: Room in pixels.
        style: Sizes to choose from.
    """
    cleaned = clean(text)
    one_line_floor = style.wrapped_size or style.floor
    return (
        _largest((cleaned,), width, style.weight, _sizes(style.size, one_line_floor))
        or _on_two_lines(cleaned, width, style)
        or _largest((cleaned,), width, style.weight, _sizes(style.size, style.floor))
        or _cut(cleaned, width, style)
    )


def fit_alike(texts: Sequence[str], width: int, style: TextStyle) -> list[Fitted]:
    """Fit texts that stand side by side, none much larger than the smallest."""
    smallest = min(fit(text, width, style).size for text in texts)
    size = min(style.size, round(smallest * _LARGEST_BESIDE))
    wrapped = style.wrapped_size and min(style.wrapped_size, size)
    return [fit(text, width, replace(style, size=size, wrapped_size=wrapped)) for text in texts]


def _largest(
    parts: tuple[str, ...], width: int, weight: Weight, sizes: Sequence[int]
) -> Fitted | None:
    """Lay out each part as a line in the largest size in which all fit, if there is one."""
    base = bidi.base_level("".join(parts))
    widest = max(shape(part, weight, sizes[0], base).width for part in parts)
    for size in sizes:
        # Width grows with size but for rounding: far too wide needs no second measuring.
        if widest * size > 1.05 * width * sizes[0]:
            continue
        lines = tuple(shape(part, weight, size, base) for part in parts)
        if all(line.width <= width for line in lines):
            return Fitted(lines, size, cut=False)
    return None


def _on_two_lines(text: str, width: int, style: TextStyle) -> Fitted | None:
    broken = _balanced_break(text, style) if style.wrapped_size else None
    if broken is None or style.wrapped_size is None:
        return None
    return _largest(broken, width, style.weight, _sizes(style.wrapped_size, style.floor))


def _cut(text: str, width: int, style: TextStyle) -> Fitted:
    base = bidi.base_level(text)
    parts = clusters(text)
    head: tuple[Line, ...] = ()
    if style.wrapped_size is not None:
        end = _first_line_end(parts, width, style, base)
        head = (shape("".join(parts[:end]).rstrip(), style.weight, style.floor, base),)
        parts = clusters("".join(parts[end:]).lstrip())
    # A word too long for any line breaks in the middle, and its rest may still fit.
    whole = shape("".join(parts), style.weight, style.floor, base)
    cut = whole.width > width
    tail = _ellipsized(parts, width, style, base) if cut else whole
    return Fitted((*head, tail), style.floor, cut)


def _sizes(largest: int, smallest: int) -> list[int]:
    return [*range(largest, smallest, -_STEP), smallest]


def _balanced_break(text: str, style: TextStyle) -> tuple[str, str] | None:
    """Return the two lines whose wider one is narrowest, by the widths of single clusters."""
    parts = clusters(text)
    places = [index for index in range(1, len(parts)) if _may_break(parts, index)]
    if not places:
        return None
    reach = _reach(parts, style)
    at = min(places, key=lambda index: max(reach[index], reach[-1] - reach[index]))
    return "".join(parts[:at]).rstrip(), "".join(parts[at:]).lstrip()


def _reach(parts: list[str], style: TextStyle) -> list[float]:
    """Return how far the text reaches before each cluster, and at its end."""
    return [0.0, *accumulate(_advance(part, style) for part in parts)]


def _advance(cluster: str, style: TextStyle) -> float:
    return sum(measure(piece, style.floor).advance for piece in split(cluster, style.weight, 0))


def _may_break(parts: list[str], index: int) -> bool:
    before, after = parts[index - 1], parts[index]
    if after[0] in _NEVER_FIRST:
        return False
    return before[0] in _BREAK_AFTER or _is_free(before) or _is_free(after)


def _is_free(cluster: str) -> bool:
    return any(ord(cluster[0]) in block for block in _FREE_BREAKS)


def _first_line_end(parts: list[str], width: int, style: TextStyle, base: int) -> int:
    """Return how many clusters the first of two lines takes: whole words where one fits."""
    most = _most(parts, width, style, base, "")
    words = [index for index in range(1, most + 1) if index < len(parts)]
    return next((index for index in reversed(words) if _may_break(parts, index)), most)


def _ellipsized(parts: list[str], width: int, style: TextStyle, base: int) -> Line:
    count = _most(parts, width, style, base, ELLIPSIS)
    shown = "".join(parts[:count]).rstrip() + ELLIPSIS
    line = shape(shown, style.weight, style.floor, base)
    return line if line.width <= width else shape("", style.weight, style.floor, base)


def _most(parts: list[str], width: int, style: TextStyle, base: int, ending: str) -> int:
    """Return the largest number of leading clusters that fit with the ending after them."""

    def too_wide(count: int) -> bool:
        shown = "".join(parts[:count]).rstrip() + ending
        return shape(shown, style.weight, style.floor, base).width > width

    return bisect_left(range(1, len(parts) + 1), True, key=too_wide)
