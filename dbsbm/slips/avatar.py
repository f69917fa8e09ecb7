"""Opening a picture that a stranger uploaded."""

from __future__ import annotations

import logging
import warnings
from io import BytesIO

from PIL import Image, ImageOps

log = logging.getLogger(__name__)

# Discord serves avatars of at most 1024 pixels a side.
MAX_BYTES = 4 * 1024 * 1024
MAX_PIXELS = 2048 * 2048
_FORMATS = ("PNG", "JPEG", "WEBP")


def open_avatar(data: bytes | None, side: int) -> Image.Image | None:
    """Return the picture as a square of `side` pixels, or None if it cannot be used.

    Nothing is decoded before the size in the picture's own header is known to be sane, so a small
    file that unfolds into gigabytes costs nothing.
    """
    if data is None:
        return None
    try:
        return _decoded(data, side)
    except Exception:  # noqa: BLE001 - decoders raise whatever their parsers trip on, and a slip is worth more than its avatar
        log.info("avatar could not be read", extra={"action": "slips.avatar_unreadable"})
        return None


def _decoded(data: bytes, side: int) -> Image.Image | None:
    if len(data) > MAX_BYTES:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        picture = Image.open(BytesIO(data), formats=_FORMATS)
    if picture.width * picture.height > MAX_PIXELS:
        return None
    picture.draft("RGB", (side, side))
    return ImageOps.fit(picture.convert("RGBA"), (side, side), Image.Resampling.LANCZOS)
