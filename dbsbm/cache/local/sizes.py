"""How much memory a value takes, about."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from itertools import chain, filterfalse
from sys import getsizeof
from typing import Any, Final
from uuid import UUID

from dbsbm.cache.local.traits import ATOMS, state_of, traits_of

# Python has one of each of these, however often they are used.
_SINGLETONS: Final = frozenset(
    map(
        id,
        chain(
            (None, True, False, (), frozenset(), "", b""),
            range(-5, 257),
            map(chr, range(256)),
            (bytes([byte]) for byte in range(256)),
        ),
    )
)


# A UUID holds a number of its own.
_LEAVES: Final = ATOMS - {UUID}


def memory_of(value: Any) -> int:
    """Return the bytes of memory that a value takes, about; what it holds twice counts once."""
    parts = {id(value): value}
    containers = [value]
    for container in containers:  # grows meanwhile
        held = list(_held_by(container))
        containers.extend(
            part for part in held if type(part) not in _LEAVES and id(part) not in parts
        )
        parts.update(zip(map(id, held), held, strict=True))
    own = filterfalse(_SINGLETONS.__contains__, parts)
    return sum(map(getsizeof, map(parts.__getitem__, own)))


def _held_by(value: Any) -> Iterable[Any]:
    kind = type(value)
    if kind is UUID:
        return (value.int,)
    if kind in _LEAVES or issubclass(kind, Enum):
        return ()
    if hasattr(value, "__dict__"):
        return (value.__dict__, *state_of(value).values())
    return traits_of(kind).parts(value)
