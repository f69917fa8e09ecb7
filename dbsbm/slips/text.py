"""Shaping one line of text in any mix of scripts and emoji, measuring it and painting it.

A line is cut into pieces that one font can draw in one direction; Pillow hands each piece to
HarfBuzz, and the pieces are set side by side in visual order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

from PIL import Image, ImageDraw

from dbsbm.slips import bidi, faces
from dbsbm.slips.color import Color
from dbsbm.slips.faces import Weight
from dbsbm.slips.graphemes import clusters

# Noto's emoji are a fifth larger than the capitals beside them; this brings them to one height.
_EMOJI_SCALE = 0.9
_MISSING_ADVANCE, _MISSING_HEIGHT, _MISSING_STROKE = 0.66, 0.72, 0.06  # of the font size


@dataclass(frozen=True)
class Piece:
    """Text of one font and one direction.

    Attributes:
        text: In logical order.
        face: Font file, or None for characters that no font has.
        level: Bidirectional level; odd reads right to left.
    """

    text: str
    face: str | None
    level: int


@dataclass(frozen=True)
class Extent:
    """How far a piece reaches, in pixels from its origin on the baseline (y grows down)."""

    advance: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Run:
    """A piece at its place: `x` pixels right of the line's left edge."""

    piece: Piece
    x: float


@dataclass(frozen=True)
class Line:
    """A shaped line.

    Attributes:
        runs: From left to right.
        size: Font size in pixels.
        width: From the leftmost to the rightmost of pen positions and ink, in pixels.
        top: Highest ink above the baseline (negative), in pixels.
        bottom: Lowest ink below the baseline, in pixels.
    """

    runs: tuple[Run, ...]
    size: int
    width: float
    top: float
    bottom: float


def shape(text: str, weight: Weight, size: int, base: int | None = None) -> Line:
    """Lay out cleaned text as one line.

    Args:
        text: Output of `graphemes.clean`.
        weight: Text face to try first.
        size: Font size in pixels.
        base: Bidirectional level of the paragraph the line belongs to; by default the text's own.
    """
    level = bidi.base_level(text) if base is None else base
    found = split(text, weight, level)
    ordered = bidi.visual_order(found, [piece.level for piece in found])
    return _placed(ordered, size)


@lru_cache(maxsize=2048)
def split(text: str, weight: Weight, base: int) -> tuple[Piece, ...]:
    """Cut text into pieces, in logical order. Every emoji and every missing one stands alone."""
    if base == 0 and text.isascii():
        return (Piece(text, weight, 0),) if text else ()
    found: list[Piece] = []
    index = 0
    char_levels = bidi.levels(text, base)
    for cluster in clusters(text):
        piece = _piece(cluster, weight, char_levels[index], found[-1] if found else None)
        index += len(cluster)
        if found and _continues(found[-1], piece):
            found[-1] = Piece(found[-1].text + piece.text, piece.face, piece.level)
        else:
            found.append(piece)
    return tuple(found)


@lru_cache(maxsize=4096)
def measure(piece: Piece, size: int) -> Extent:
    """Return the extent of a piece at a font size in pixels."""
    if piece.face is None:
        return Extent(_MISSING_ADVANCE * size, 0, -_MISSING_HEIGHT * size, 0, 0)
    if piece.face == faces.EMOJI:
        return _measured(piece, faces.EMOJI_SIZE, size * _EMOJI_SCALE / faces.EMOJI_SIZE)
    return _measured(piece, size, 1.0)


def paint(image: Image.Image, at: tuple[float, float], line: Line, fill: Color) -> None:
    """Draw a line from a point on its baseline, the left end, in pixels of the image."""
    for run in line.runs:
        pen = (at[0] + run.x, at[1])
        if run.piece.face is None:
            _paint_missing(image, pen, line.size, fill)
        elif run.piece.face == faces.EMOJI:
            _paint_emoji(image, pen, run.piece, line.size)
        else:
            _paint_text(image, pen, run.piece, line.size, fill)


def _piece(cluster: str, weight: Weight, level: int, before: Piece | None) -> Piece:
    # A space belongs to the word before it: a change of font there would only cost time.
    if cluster == " " and before is not None and faces.has_space(before.face):
        return Piece(cluster, before.face, level)
    shown = faces.drawable(cluster, weight)
    return Piece(shown, faces.face_for(shown, weight), level)


def _continues(before: Piece, piece: Piece) -> bool:
    alone = piece.face is None or piece.face == faces.EMOJI
    return not alone and (before.face, before.level) == (piece.face, piece.level)


def _placed(ordered: Sequence[Piece], size: int) -> Line:
    extents = [measure(piece, size) for piece in ordered]
    pens = [0.0]
    for extent in extents:
        pens.append(pens[-1] + extent.advance)
    inked = list(zip(pens, extents, strict=False))
    left = min([0.0, *(pen + extent.left for pen, extent in inked)])
    right = max([pens[-1], *(pen + extent.right for pen, extent in inked)])
    runs = [Run(piece, pen - left) for piece, pen in zip(ordered, pens, strict=False)]
    top = min((extent.top for extent in extents), default=0.0)
    bottom = max((extent.bottom for extent in extents), default=0.0)
    return Line(tuple(runs), size, right - left, top, bottom)


def _measured(piece: Piece, size: int, scale: float) -> Extent:
    font = faces.load(str(piece.face), size)
    direction = _direction(piece)
    advance = font.getlength(piece.text, direction=direction)
    box = font.getbbox(piece.text, anchor="ls", direction=direction)
    return Extent(advance * scale, *(edge * scale for edge in box))


def _direction(piece: Piece) -> str:
    return "rtl" if piece.level % 2 else "ltr"


def _paint_text(
    image: Image.Image, pen: tuple[float, float], piece: Piece, size: int, fill: Color
) -> None:
    left, top, right, bottom = _ink_box(piece, size)
    if left < right and top < bottom:
        image.paste(fill, (round(pen[0]) + left, round(pen[1]) + top), _mask(piece, size))


def _ink_box(piece: Piece, size: int) -> tuple[int, int, int, int]:
    ink = measure(piece, size)
    return floor(ink.left), floor(ink.top), ceil(ink.right), ceil(ink.bottom)


# Labels, leagues, teams and cappers come back slip after slip.
@lru_cache(maxsize=512)
def _mask(piece: Piece, size: int) -> Image.Image:
    left, top, right, bottom = _ink_box(piece, size)
    mask = Image.new("L", (right - left, bottom - top))
    font = faces.load(str(piece.face), size)
    where, direction = (-left, -top), _direction(piece)
    ImageDraw.Draw(mask).text(where, piece.text, 255, font, anchor="ls", direction=direction)
    return mask


def _paint_emoji(image: Image.Image, pen: tuple[float, float], piece: Piece, size: int) -> None:
    ink = measure(piece, size)
    tile = _emoji_tile(piece.text, size)
    image.paste(tile, (round(pen[0] + ink.left), round(pen[1] + ink.top)), tile)


@lru_cache(maxsize=256)
def _emoji_tile(text: str, size: int) -> Image.Image:
    font = faces.load(faces.EMOJI, faces.EMOJI_SIZE)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, anchor="ls"))
    tile = Image.new("RGBA", (max(right - left, 1), max(bottom - top, 1)))
    ImageDraw.Draw(tile).text((-left, -top), text, font=font, anchor="ls", embedded_color=True)
    scale = size * _EMOJI_SCALE / faces.EMOJI_SIZE
    shrunk = (max(round(tile.width * scale), 1), max(round(tile.height * scale), 1))
    return tile.resize(shrunk, Image.Resampling.LANCZOS)


def _paint_missing(image: Image.Image, pen: tuple[float, float], size: int, fill: Color) -> None:
    stroke = max(round(_MISSING_STROKE * size), 1)
    left, right = pen[0] + stroke, pen[0] + _MISSING_ADVANCE * size - 2 * stroke
    box = (round(left), round(pen[1] - _MISSING_HEIGHT * size), round(right), round(pen[1]) - 1)
    ImageDraw.Draw(image).rounded_rectangle(box, radius=2 * stroke, outline=fill, width=stroke)
