"""How gateway frames travel: plain text, one zlib stream, or one zstd stream a connection."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Protocol


class Transport(Protocol):
    """Turns a JSON frame into what goes over the websocket."""

    def encode(self, frame: str) -> str | bytes:
        """Return a text frame, or the bytes of a binary one."""


class PlainText:
    """Frames as they are."""

    def encode(self, frame: str) -> str:
        """Return the frame."""
        return frame


class ZlibStream:
    """One deflate stream for the whole connection, flushed after every frame."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(level=1)

    def encode(self, frame: str) -> bytes:
        """Return the frame's part of the stream; it ends in 00 00 FF FF."""
        data = self._deflate.compress(frame.encode())
        return data + self._deflate.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One Zstandard stream of raw blocks (RFC 8878, 3.1.1.2): valid, and not compressed.

    On one machine there is no bandwidth to save, and so no Zstandard library is needed.
    """

    # Magic number, then a frame header without checksum, dictionary or content size, whose
    # window is 128 KiB (exponent 7 over 1 KiB), which is also the largest block.
    _HEADER = struct.pack("<IBB", 0xFD2FB528, 0, 7 << 3)
    _BLOCK = 128 * 1024

    def __init__(self) -> None:
        self._started = False

    def encode(self, frame: str) -> bytes:
        """Return the frame as raw blocks, after the stream's header the first time."""
        data = frame.encode()
        blocks = [data[i : i + self._BLOCK] for i in range(0, len(data), self._BLOCK)]
        header = b"" if self._started else self._HEADER
        self._started = True
        return header + b"".join(_raw_block(block) for block in blocks)


def _raw_block(block: bytes) -> bytes:
    # 24 bits, little endian: last-block flag (never set), block type 0 (raw), size.
    return (len(block) << 3).to_bytes(3, "little") + block


def choose_transport(compress: str | None) -> Transport | None:
    """Return the transport a client asked for in its URL, or None if it is not known."""
    factories: dict[str | None, Callable[[], Transport]] = {
        None: PlainText,
        "zlib-stream": ZlibStream,
        "zstd-stream": ZstdStream,
    }
    factory = factories.get(compress)
    return None if factory is None else factory()
