"""Which dataclasses and enums may be cached, and the names they bear on the wire.

    @cacheable(name="bet")
    @dataclass(frozen=True)
    class Bet: ...

A stored value names its class by that name and never by its module, so that a class can move. Only
a class that this process has registered is ever made from stored bytes.

A release may add a field that has a default, or remove one: of a value that was stored before, the
former gets its default, the latter makes it unreadable, which is a miss. A field that changes its
type or its meaning needs a new name for the class.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from enum import Enum, Flag
from typing import Any, Final, TypeVar, overload

_T = TypeVar("_T", bound=type)


@dataclasses.dataclass(frozen=True, slots=True)
class Cacheable:
    """A registered class.

    Attributes:
        kind: The class.
        name: What it is called on the wire.
        fields: The fields of a dataclass; none of an enum.
    """

    kind: type
    name: str
    fields: tuple[str, ...]


_by_type: Final[dict[type, Cacheable]] = {}
_by_name: Final[dict[str, Cacheable]] = {}


def register(kind: _T, *, name: str | None = None) -> _T:
    """Allow a class in the cache, in this process and all that import the call.

    Args:
        kind: A dataclass or an enum.
        name: What it is called on the wire, for as long as its fields mean the same; without one,
            its module and name.

    Raises:
        TypeError: It is neither, or its constructor does not take exactly its fields.
        ValueError: Another class has the name.
    """
    entry = Cacheable(kind, name or f"{kind.__module__}.{kind.__qualname__}", _fields(kind))
    holder = _by_name.get(entry.name)
    if holder is not None and not _is_same(holder.kind, kind):
        raise ValueError(f"{holder.kind!r} is cached as {entry.name!r} already; choose a name")
    _by_name[entry.name] = _by_type[kind] = entry
    return kind


@overload
def cacheable(kind: _T) -> _T: ...
@overload
def cacheable(*, name: str) -> Callable[[_T], _T]: ...
def cacheable(kind: Any = None, *, name: str | None = None) -> Any:
    """Decorate a dataclass or an enum that may be cached; see `register`."""
    if kind is None:
        return lambda decorated: register(decorated, name=name)
    return register(kind, name=name)


def registered(kind: type) -> Cacheable | None:
    """Return the entry of a class; a subclass has none of its parent's."""
    return _by_type.get(kind)


def named(name: str) -> Cacheable:
    """Return the entry of a name on the wire.

    Raises:
        LookupError: This process knows none.
    """
    return _by_name[name]


def _fields(kind: type) -> tuple[str, ...]:
    if issubclass(kind, Enum):
        return ()
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind!r} is no dataclass and no enum, so its values cannot be cached")
    fields = tuple(field.name for field in dataclasses.fields(kind))
    if set(inspect.signature(kind).parameters) != set(fields):
        raise TypeError(
            f"{kind!r} cannot be cached: its constructor does not take exactly its fields; "
            "make what is computed from them a property"
        )
    return fields


def _is_same(known: type, kind: type) -> bool:
    """Tell whether this is a class again whose module was loaded once more."""
    return (known.__module__, known.__qualname__) == (kind.__module__, kind.__qualname__)


def key_of(member: Enum) -> object:
    """Return what finds an enum's member again: its name; of a flag, its value."""
    return member.value if isinstance(member, Flag) else member.name


def member_of(kind: type[Enum], key: Any) -> Enum:
    """Return the member that `key_of` gave the key of.

    Raises:
        LookupError: There is none of that name.
        ValueError: There is none of that value.
    """
    return kind(key) if issubclass(kind, Flag) else kind.__members__[key]
