"""Colours: parsing, mixing, and telling whether two can be told apart."""

from __future__ import annotations

import hashlib
import re

Color = tuple[int, int, int]

WHITE: Color = (255, 255, 255)
INK: Color = (17, 19, 26)

# Mid-toned and well apart, for teams whose colours nobody told us.
_PALETTE: tuple[Color, ...] = (
    (59, 110, 214),
    (178, 58, 72),
    (46, 125, 92),
    (131, 82, 196),
    (193, 103, 34),
    (32, 122, 140),
    (158, 62, 128),
    (98, 112, 138),
)


def parse(text: str | None) -> Color | None:
    """Return the colour written as "#RRGGBB" (the # may be missing), or None."""
    if text is None or not re.fullmatch("#?[0-9a-fA-F]{6}", text):
        return None
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def from_name(name: str) -> Color:
    """Return a colour that is always the same for one name."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return _PALETTE[digest[0] % len(_PALETTE)]


def mix(first: Color, second: Color, share: float) -> Color:
    """Return the first colour with a share (0 to 1) of the second in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def contrast(first: Color, second: Color) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(background: Color, preferred: Color | None, ratio: float = 4.5) -> Color:
    """Return the preferred colour if it reads on the background, else white or near-black."""
    if preferred is not None and contrast(background, preferred) >= ratio:
        return preferred
    return max((WHITE, INK), key=lambda color: contrast(background, color))


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(channel / 255) for channel in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
