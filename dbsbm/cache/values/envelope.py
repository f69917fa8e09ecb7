"""What surrounds a value on the server, or stands there instead while it is loaded.

    byte 0          N: nobody has read it yet; R: somebody has; L: a lease, no value yet
    bytes 1-4       lifetime that it was stored with, milliseconds; all numbers are big-endian
    bytes 5-12      id: 8 random bytes, which no two stores share
    bytes 13-20     when it turns stale, milliseconds of the server's time
    bytes 21-24     how long it took to load, microseconds
    byte 25         how the payload is written: a number, and a bit if it is compressed
    byte 26         number of the key that signed it, 0 if none did
    bytes 27-28     length of the tags, which follow: for each a byte of length, the name, a stamp
    then            the payload, and 16 bytes of signature if it is signed

A lease is its mark, its lifetime, and 16 bytes that tell it from every other. They are random; but
the last 8 of a lease for a value with tags are a digest of the stamps that its tags had when it was
taken (`dbsbm.cache.server.scripts.ACQUIRE`), so that one from before a change can be taken over.

The mark is how the clean-up tells values that nobody wants, on every server and exactly: an idle
time is known only under LRU policies, a frequency only under LFU, where it decays and where an old
value that was read often looks like one never read. It costs one more command at the first read
of a value and nothing at any later one, and it vanishes with the value. It is no part of what is
signed, because it changes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dbsbm.cache.marks import LEASE, READ, UNREAD
from dbsbm.cache.tags import STAMP
from dbsbm.cache.values.encode_errors import EncodeError

_HEAD: Final = struct.Struct(">cI8sQIBBH")

HEAD: Final = _HEAD.size
"""Bytes before the tags."""

LONGEST_MS: Final = 2**32 - 1
LONGEST_TAG: Final = 255
LARGEST_TAGS: Final = 2**16 - 1

NO_TAGS: Final[Mapping[str, bytes]] = MappingProxyType({})


def write_head(
    *,
    read: bool,
    lifetime_ms: int,
    expires_at_ms: int,
    load_us: int,
    form: int,
    key_id: int,
    tags_size: int,
) -> bytes:
    """Return the head of a value that is stored now; durations beyond their field are cut.

    Args:
        read: Somebody wants it already.
        lifetime_ms: How long the server keeps it.
        expires_at_ms: When it turns stale, in milliseconds of the server's time.
        load_us: How long it took to load, in microseconds.
        form: How the payload is written.
        key_id: Number of the key that signs it; 0 for none.
        tags_size: Bytes of the tags.
    """
    return _HEAD.pack(
        READ if read else UNREAD,
        min(lifetime_ms, LONGEST_MS),
        os.urandom(8),
        expires_at_ms,
        min(load_us, 2**32 - 1),
        form,
        key_id,
        tags_size,
    )


def read_head(stored: bytes) -> tuple[bytes, int, bytes, int, int, int, int, int]:
    """Return mark, lifetime, id, expiry, load time, form, key number and size of the tags.

    Raises:
        struct.error: There are too few bytes.
    """
    return _HEAD.unpack_from(stored)


def write_tags(tags: Mapping[str, bytes]) -> bytes:
    """Write the tags that a value depends on, with their stamps.

    Raises:
        EncodeError: A name or all of them together are too long.
    """
    parts = []
    for tag, stamp in tags.items():
        name = tag.encode("utf-8", "surrogatepass")
        if len(name) > LONGEST_TAG or len(stamp) != STAMP:
            raise EncodeError(f"a tag of {len(name)} bytes", f"at most {LONGEST_TAG} are kept")
        parts += [bytes([len(name)]), name, stamp]
    block = b"".join(parts)
    if len(block) > LARGEST_TAGS:
        raise EncodeError(f"a value of {len(tags)} tags", "name what it depends on more coarsely")
    return block


def read_tags(block: memoryview) -> Mapping[str, bytes]:
    """Read tags back.

    Raises:
        ValueError: The bytes are no tags.
    """
    tags, at = {}, 0
    while at < len(block):
        name = at + 1
        stamp = name + block[at]
        at = stamp + STAMP
        tags[str(block[name:stamp], "utf-8", "surrogatepass")] = bytes(block[stamp:at])
    if at != len(block):
        raise ValueError("the tags end in the middle of one")
    return tags


def lease(ttl_ms: int) -> bytes:
    """Return a new lease: the right to store what is being loaded, told from all others.

    The server puts its digest in the place of the last bytes where the value has tags.
    """
    return LEASE + ttl_ms.to_bytes(4, "big") + os.urandom(16)


def is_lease(stored: bytes) -> bool:
    """Tell whether the value is still being loaded."""
    return stored[:1] == LEASE
