"""Smooth shapes. Pillow's own curves have hard edges, so masks are drawn large and reduced."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

from dbsbm.slips.color import Color, mix
from dbsbm.slips.layout import Box

_OVERSAMPLING = 4


def gradient(size: tuple[int, int], top: Color, bottom: Color) -> Image.Image:
    """Return a picture that fades from the top colour to the bottom one."""
    return _column(size[1], top, bottom).resize(size, Image.Resampling.NEAREST)


def fill_rounded(image: Image.Image, box: Box, radius: int, color: Color) -> None:
    """Fill a rectangle with round corners."""
    image.paste(color, box.edges, _rounded_mask((box.width, box.height), radius))


def fill_circle(image: Image.Image, box: Box, paint: Color | Image.Image) -> None:
    """Fill the circle in a square box with a colour, or with a picture of the box's size."""
    mask = _circle_mask(box.width)
    if isinstance(paint, Image.Image):
        image.paste(paint, (box.x, box.y), mask)
    else:
        image.paste(paint, box.edges, mask)


def inset(box: Box, by: int) -> Box:
    """Return the box made smaller by some pixels on each side."""
    return Box(box.x + by, box.y + by, box.width - 2 * by, box.height - 2 * by)


@lru_cache(maxsize=64)
def _column(height: int, top: Color, bottom: Color) -> Image.Image:
    column = Image.new("RGB", (1, height))
    column.putdata([mix(top, bottom, row / max(height - 1, 1)) for row in range(height)])
    return column


@lru_cache(maxsize=16)
def _rounded_mask(size: tuple[int, int], radius: int) -> Image.Image:
    large = (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING)
    mask = Image.new("L", large)
    corner = (large[0] - 1, large[1] - 1)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *corner), radius * _OVERSAMPLING, fill=255)
    return mask.reduce(_OVERSAMPLING)


@lru_cache(maxsize=16)
def _circle_mask(diameter: int) -> Image.Image:
    large = diameter * _OVERSAMPLING
    mask = Image.new("L", (large, large))
    ImageDraw.Draw(mask).ellipse((0, 0, large - 1, large - 1), fill=255)
    return mask.reduce(_OVERSAMPLING)
