"""What can change in a value: how each type is taken apart, and how it is put together anew."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cached_property, lru_cache
from itertools import chain
from types import NoneType
from typing import Any, Final, NamedTuple
from uuid import UUID

ATOMS: Final = frozenset(
    {
        *(NoneType, bool, int, float, str, bytes),
        *(Decimal, datetime, date, time, timedelta, UUID),
    }
)
"""Types whose instances hold nothing that can change."""

Copies = Mapping[int, Any]
"""What takes the place of a part, by the part's id; parts that are not in it stay."""

# Classes are kept alive by this many at most.
_CLASSES: Final = 1024


class TypeTraits(NamedTuple):
    """What is to be known of a type.

    Attributes:
        is_frozen: Whether an instance can only change by a change of its parts.
        parts: Returns what an instance holds.
        rebuild: Makes an equal instance that holds copies; a frozen one without any stays itself.
    """

    is_frozen: bool
    parts: Callable[[Any], Iterable[Any]]
    rebuild: Callable[[Any, Copies], Any]


def traits_of(kind: type) -> TypeTraits:
    """Return what is to be known of a type. One that is not known is copied by the library."""
    return _BUILTIN.get(kind) or _traits_of_class(kind)


def state_of(value: object) -> dict[str, Any]:
    """Return the attributes of an instance, from its `__dict__` and its slots."""
    state: Any = object.__getstate__(value)
    if isinstance(state, tuple):
        attributes, slots = state
        return {**(attributes or {}), **slots}
    return dict(state or {})


@lru_cache(maxsize=_CLASSES)
def _traits_of_class(kind: type) -> TypeTraits:
    if issubclass(kind, Enum):
        return TypeTraits(True, _nothing, _itself)
    if issubclass(kind, tuple) and not kind.__dictoffset__:
        return TypeTraits(True, _items, _rebuild_tuple)
    if dataclasses.is_dataclass(kind) and kind.__new__ is object.__new__:
        if _is_frozen(kind):
            return TypeTraits(True, _attributes, _rebuild_frozen)
        return TypeTraits(False, _attributes, _rebuild_instance)
    return TypeTraits(False, _nothing, _copy_by_library)


def _is_frozen(kind: type) -> bool:
    """Tell whether instances take no attribute, not even the result of a cached property."""
    params = vars(kind).get("__dataclass_params__")
    attributes = chain.from_iterable(vars(each).values() for each in kind.__mro__)
    caches = any(isinstance(attribute, cached_property) for attribute in attributes)
    return params is not None and params.frozen and not caches


def _nothing(value: Any) -> Iterable[Any]:
    return ()


def _items(value: Iterable[Any]) -> Iterable[Any]:
    return value


def _keys_and_values(value: dict[Any, Any]) -> Iterable[Any]:
    return chain(value, value.values())


def _attributes(value: Any) -> Iterable[Any]:
    return state_of(value).values()


def _itself(value: Any, copies: Copies) -> Any:
    return value


def _copy_by_library(value: Any, copies: Copies) -> Any:
    return copy.deepcopy(value)


def _copies_of(items: Iterable[Any], copies: Copies) -> list[Any]:
    return [copies.get(id(item), item) for item in items]


def _rebuild_list(value: list[Any], copies: Copies) -> list[Any]:
    return _copies_of(value, copies)


def _rebuild_dict(value: dict[Any, Any], copies: Copies) -> dict[Any, Any]:
    keys, values = _copies_of(value, copies), _copies_of(value.values(), copies)
    return dict(zip(keys, values, strict=True))


def _rebuild_set(value: set[Any], copies: Copies) -> set[Any]:
    return set(_copies_of(value, copies))


def _holds_copied(items: Iterable[Any], copies: Copies) -> bool:
    return not copies.keys().isdisjoint(map(id, items))


def _rebuild_tuple(value: tuple[Any, ...], copies: Copies) -> tuple[Any, ...]:
    if not _holds_copied(value, copies):
        return value
    return tuple.__new__(type(value), _copies_of(value, copies))


def _rebuild_frozenset(value: frozenset[Any], copies: Copies) -> frozenset[Any]:
    return frozenset(_copies_of(value, copies)) if _holds_copied(value, copies) else value


def _rebuild_frozen(value: Any, copies: Copies) -> Any:
    return _rebuild_instance(value, copies) if _holds_copied(_attributes(value), copies) else value


def _rebuild_instance(value: Any, copies: Copies) -> Any:
    anew = object.__new__(type(value))
    for name, part in state_of(value).items():
        # As the library does it: a frozen class refuses the plain way.
        object.__setattr__(anew, name, copies.get(id(part), part))
    return anew


_BUILTIN: Final[dict[type, TypeTraits]] = {
    list: TypeTraits(False, _items, _rebuild_list),
    dict: TypeTraits(False, _keys_and_values, _rebuild_dict),
    set: TypeTraits(False, _items, _rebuild_set),
    tuple: TypeTraits(True, _items, _rebuild_tuple),
    frozenset: TypeTraits(True, _items, _rebuild_frozenset),
}
