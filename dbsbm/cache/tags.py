"""Tags: names of what values depend on, such as a table or a row. A change invalidates them all."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from dbsbm.cache.keys import LONGEST_NAME, NAMESPACE

STAMP: Final = 8
"""Bytes of a tag's stamp."""

PREFIX: Final = f"{NAMESPACE}tag:"


def tag_name(tag: str) -> str:
    """Return what a tag is called on the server: a long or unusual name is replaced by its hash."""
    if len(tag) <= LONGEST_NAME and tag.isascii():
        return tag
    return "$" + blake2b(tag.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def tag_names(tags: Iterable[str]) -> tuple[str, ...]:
    """Return what tags are called on the server, each once."""
    return tuple(dict.fromkeys(map(tag_name, tags)))


def tag_wires(names: Iterable[str]) -> tuple[str, ...]:
    """Return the keys on the server under which the stamps of tags are."""
    return tuple(PREFIX + name for name in names)


def new_stamp() -> bytes:
    """Return what no stamp was before, in whatever process: neither clocks nor counters repeat."""
    return secrets.token_bytes(STAMP)


def stamps_of(tags: Sequence[str], held: Iterable[bytes | None]) -> dict[str, bytes]:
    """Return the stamps among what the server holds under the keys of tags, in the same order."""
    return {
        tag: stored[:STAMP] for tag, stored in zip(tags, held, strict=True) if stored is not None
    }


def are_current(depended: Mapping[str, bytes], now: Mapping[str, bytes]) -> bool:
    """Tell whether no tag that a value depends on has changed since."""
    return all(now.get(tag) == stamp for tag, stamp in depended.items())


@dataclass(frozen=True, slots=True)
class Guard:
    """Word that a writer is about to commit: until it is released nothing is stored by its tags.

    Attributes:
        token: Tells this writer from the others.
    """

    token: bytes = field(default_factory=new_stamp)
