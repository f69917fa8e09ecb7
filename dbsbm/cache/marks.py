"""The first byte of what stands under a key: it tells a value from a lease, in every script too."""

from __future__ import annotations

from typing import Final

UNREAD: Final = b"N"
"""A value that nobody has read yet."""

READ: Final = b"R"
"""A value that somebody has read."""

LEASE: Final = b"L"
"""No value yet: somebody is loading it."""
