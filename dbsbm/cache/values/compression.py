"""Compression of large payloads with Zstandard, and its undoing within bounds."""

from __future__ import annotations

import sys
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_LEVEL: Final = 3
_WORTH_IT: Final = 0.9
"""Largest share of the payload that its compressed form may take: below it, reading pays."""

# 2 ** 23 bytes: a frame that asks for more memory to look back into is not ours.
_BOUNDS: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: 23}


def compressed(payload: bytes) -> bytes | None:
    """Return the payload in at most nine tenths of its bytes; None where that is not possible."""
    packed = zstd.compress(payload, _LEVEL)
    return packed if len(packed) <= _WORTH_IT * len(payload) else None


def decompressed(packed: memoryview | bytes, limit: int) -> bytes:
    """Undo `compressed`, and make no more than `limit` bytes of whatever was stored.

    Raises:
        ValueError: It would take more, or the bytes are no single frame.
        zstd.ZstdError: The bytes are damaged.
    """
    decompressor = zstd.ZstdDecompressor(options=_BOUNDS)
    payload = decompressor.decompress(packed, max_length=limit + 1)
    if len(payload) > limit or not decompressor.eof or decompressor.unused_data:
        raise ValueError(f"no single frame of at most {limit} bytes")
    return payload
