"""Writing a picture as a PNG file, four times faster than Pillow writes this kind of picture."""

from __future__ import annotations

import struct
import zlib

from PIL import Image

# Pillow tries five filters on every row. On flat colour and text none of them beats no filter at
# all: measured on slips, without them level 3 is quicker and the file is smaller.
_COMPRESSION_LEVEL = 3
_NO_FILTER = b"\x00"
# Rows handled at once: buffers of about 100 KB are reused by the allocator, while one of 3 MB
# would be mapped and unmapped for every picture, which takes as long as the compression.
_BAND = 32
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH, _TRUECOLOR = 8, 2


def encode(image: Image.Image) -> bytes:
    """Return an RGB picture as a PNG file (ISO/IEC 15948): one header, one data chunk."""
    width, height = image.size
    header = struct.pack(">IIBBBBB", width, height, _BIT_DEPTH, _TRUECOLOR, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", _data(image)), _chunk(b"IEND", b""))
    return _SIGNATURE + b"".join(chunks)


def _data(image: Image.Image) -> bytes:
    compressor = zlib.compressobj(_COMPRESSION_LEVEL)
    bands = (
        image.crop((0, top, image.width, min(top + _BAND, image.height)))
        for top in range(0, image.height, _BAND)
    )
    return b"".join(compressor.compress(_scanlines(band)) for band in bands) + compressor.flush()


def _scanlines(band: Image.Image) -> bytes:
    pixels = band.tobytes()
    stride = 3 * band.width
    rows = [pixels[start : start + stride] for start in range(0, len(pixels), stride)]
    return _NO_FILTER + _NO_FILTER.join(rows)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
