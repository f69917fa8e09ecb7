"""What surrounds a value on the server: whether it was read, its lifetime, or a lease instead.

    byte 0      N: nobody has read it yet; R: somebody has; L: a lease, no value yet
    bytes 1-4   lifetime it was stored with, milliseconds, big-endian
    then        the encoded value, or the token of the lease

The mark is how the clean-up tells values that nobody wants, on every server and exactly: an idle
time is known only under LRU policies, a frequency only under LFU, where it decays and where an old
value that was read often looks like one never read. It costs one more command at the first read
of a value and nothing at any later one, and it vanishes with the value.
"""

from __future__ import annotations

import secrets
from typing import Final

UNREAD: Final = b"N"
READ: Final = b"R"
LEASE: Final = b"L"

HEAD: Final = 5
"""Bytes before the encoded value."""

LONGEST_MS: Final = 2**32 - 1


def seal(payload: bytes, ttl_ms: int) -> bytes:
    """Return what to store for an encoded value."""
    return UNREAD + ttl_ms.to_bytes(4, "big") + payload


def lease(ttl_ms: int) -> bytes:
    """Return a new lease: the right to store what is being loaded, told from all others."""
    return LEASE + ttl_ms.to_bytes(4, "big") + secrets.token_bytes(16)


def is_unread(stored: bytes | None) -> bool:
    """Tell whether this is a value that nobody has read yet."""
    return stored is not None and stored[:1] == UNREAD


def is_lease(stored: bytes) -> bool:
    """Tell whether the value is still being loaded."""
    return stored[:1] == LEASE


def payload(stored: bytes) -> bytes:
    """Return the encoded value; of a lease, nothing."""
    return b"" if stored[:1] == LEASE else stored[HEAD:]
