from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dbsbm.slips.avatar import MAX_BYTES, open_avatar
from tests.unit.slips.examples import patient, picture


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_square_of_the_size_asked_for(format_name: str) -> None:
    opened = open_avatar(picture((90, 40), format_name), 64)
    assert opened is not None
    assert opened.size == (64, 64)
    red, green, _, opacity = opened.getpixel((32, 32))
    assert red > 180
    assert green < 60
    assert opacity == 255


@pytest.mark.parametrize("data", [None, b"", b"GIF89a", b"<svg/>", picture((8, 8), "BMP")])
def test_what_is_no_picture_of_a_known_kind_is_refused(data: bytes | None) -> None:
    assert open_avatar(data, 64) is None


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "WEBP"])
def test_a_file_cut_short_never_raises(format_name: str) -> None:
    data = picture((64, 64), format_name)
    for length in range(0, len(data) - 20, 7):
        open_avatar(data[:length], 64)
    assert open_avatar(data[: len(data) // 2], 64) is None


@patient
@given(st.integers(8, 200), st.binary(min_size=1, max_size=8))
def test_a_damaged_file_never_raises(offset: int, damage: bytes) -> None:
    data = bytearray(picture((64, 64), "JPEG"))
    data[offset : offset + len(damage)] = damage
    opened = open_avatar(bytes(data), 64)
    assert opened is None or opened.size == (64, 64)


@pytest.mark.parametrize("side", [2049, 12_000, 60_000])
def test_a_picture_that_unfolds_into_gigabytes_is_refused(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*_: object) -> None:
        pytest.fail("the pixels were decoded")

    monkeypatch.setattr(Image.Image, "convert", decode)
    assert open_avatar(_bomb(side), 64) is None


def test_a_file_too_large_is_not_even_opened() -> None:
    padded = picture() + b"\0" * MAX_BYTES
    with Image.open(BytesIO(padded)) as image:
        assert image.size == (64, 64)
    assert open_avatar(padded, 64) is None


def test_a_transparent_picture_stays_transparent() -> None:
    file = BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(file, "PNG")
    opened = open_avatar(file.getvalue(), 64)
    assert opened is not None
    assert opened.getpixel((0, 0))[3] == 0


def _bomb(side: int) -> bytes:
    """A small PNG file whose header promises side * side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    framed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)
