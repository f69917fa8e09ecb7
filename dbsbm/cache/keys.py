"""Names of cached values: the same in every process, and different for different values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from typing import Final, Self
from urllib.parse import quote
from uuid import UUID

from dbsbm.cache.categories import Category

ROOT: Final = "dbsbm:v"
VERSION: Final = 2
"""Raised when keys or values change their meaning; older keys are then orphans."""

NAMESPACE: Final = f"{ROOT}{VERSION}:"
LONGEST_NAME: Final = 160

LONGEST_FAMILY: Final = 60

BATCH: Final = 200
"""Keys a command: few enough that the server answers within a millisecond or two."""

Part = str | int | Decimal | UUID | date | Enum | None

_CATEGORIES: Final = {category.value: category for category in Category}
_NAMESPACED: Final = re.compile(rf"{ROOT}(\d{{1,9}}):(?:([a-z_]+):)?")


@dataclass(frozen=True, slots=True)
class Key:
    """The name of a value. Make one with `Key.of`.

    Attributes:
        category: What kind of value it is.
        wire: The key on the server.
    """

    category: Category
    wire: str

    @classmethod
    def of(cls, category: Category, *parts: Part) -> Self:
        """Return the key of the value that the parts name, such as `GAME_DATA, "nfl", 42`.

        Parts of different type or value make different keys: `42` is not `"42"`, True is not 1,
        `"a:b"` is not `"a", "b"`. Equal times in different zones make the same key. Decimals are
        told apart by their digits, so 1.0 and 1.00 cost a load each and never a wrong value. A
        long name is replaced by its hash.

        Raises:
            ValueError: There is no part, or a time has no zone.
            TypeError: A part is of a type whose text is not the same everywhere, such as a float.
        """
        if not parts:
            raise ValueError("a key needs at least one part beside its category")
        name = ":".join(map(_spell, parts))
        return cls(
            category, prefix(category) + (name if len(name) <= LONGEST_NAME else _hash(name))
        )


def prefix(category: Category) -> str:
    """Return what the keys of a category begin with."""
    return f"{NAMESPACE}{category.value}:"


def family(category: Category, wire: str) -> str:
    """Return the first part of a key, such as `odds`; `other` if that is no word, but a number."""
    name = wire.removeprefix(prefix(category)).partition(":")[0]
    return name[:LONGEST_FAMILY] if name[:1].isalpha() else "other"


def version_and_category(wire: str) -> tuple[int, Category | None] | None:
    """Read a key of the server back.

    Returns:
        Its version, and its category if this version knows it; None for a key that is not ours.
    """
    match = _NAMESPACED.match(wire)
    if match is None:
        return None
    return int(match[1]), _CATEGORIES.get(match[2])


def batches(keys: Iterable[Key], size: int = BATCH) -> Iterator[list[Key]]:
    """Split keys into as many as one command takes; each key comes once."""
    unique = list(dict.fromkeys(keys))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def _spell(part: Part) -> str:
    """Write a part. What is no text begins with a sign that escaped text cannot contain."""
    if isinstance(part, Enum):
        return _spell(part.value)
    if isinstance(part, str):
        return quote(part, safe="", errors="surrogatepass")
    if part is None:
        return "?"
    if isinstance(part, bool):
        return f"!{part:d}"
    if isinstance(part, int):
        return f"#{part:d}"
    return _spell_rare(part)


def _spell_rare(part: object) -> str:
    if isinstance(part, datetime):
        if part.utcoffset() is None:
            raise ValueError("a time in a key needs a zone; use datetime.now(UTC)")
        return f"@{part.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    if isinstance(part, date):
        return f"@{part.isoformat()}"
    if isinstance(part, UUID):
        return f"+{part.hex}"
    if isinstance(part, Decimal):
        return f"={part}"
    raise TypeError(f"a {type(part).__name__} cannot be part of a key; write it as text")


def _hash(name: str) -> str:
    return "$" + blake2b(name.encode(), digest_size=20).hexdigest()
