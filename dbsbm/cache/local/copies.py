"""Copies of values, so that callers share one entry and nobody can change what another sees.

A value that nothing can change needs no copy. Of dicts and lists a *plan* is made once: which
parts can be changed, and how to copy those. A copy then costs what is mutable in a value, not what
is in it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from dbsbm.cache.local.sizes import memory_of
from dbsbm.cache.local.traits import ATOMS, traits_of

Copier = Callable[[Any], Any]

# What copies a container of values that nothing can change.
_SHALLOW: Final[dict[type, Copier]] = {
    list: list.copy,
    dict: dict.copy,
    set: set.copy,
}

# Plans nest as values do, and so do calls. What lies deeper is copied without a plan.
_DEEPEST_PLAN: Final = 50

# Values of one shape share a plan: the rows of a table, the slips of all members.
_PLANS: Final = 1024


def plan(value: Any) -> tuple[Copier | None, int]:
    """Return how to copy a value, and the bytes of memory that it takes.

    Args:
        value: Made of what the typed codec can write. Instances of other classes are copied as
            `copy.deepcopy` does, with what that raises.

    Returns:
        What makes of this very value an equal one that shares nothing with it that can be changed,
        None where the value itself may be shared; and the size.
    """
    return _copier(value, 0), memory_of(value)


def deep_copy(value: Any) -> Any:
    """Return an equal value that shares nothing with this one that can be changed.

    Needs no plan, and copes with any depth. What nothing can change is returned itself.
    """
    if type(value) in ATOMS or _is_surely_frozen(value):
        return value
    containers, seen = [value], {id(value)}
    for container in containers:  # grows meanwhile: outer ones come before what they hold
        for part in traits_of(type(container)).parts(container):
            if type(part) in ATOMS or _is_surely_frozen(part):
                continue
            if id(part) in seen:
                # Two hold the same: the library keeps it so, and copes with circles.
                return copy.deepcopy(value)
            seen.add(id(part))
            containers.append(part)
    return _rebuilt(containers)


def _rebuilt(containers: list[Any]) -> Any:
    copies: dict[int, Any] = {}
    for container in reversed(containers):
        anew = traits_of(type(container)).rebuild(container, copies)
        if anew is not container:
            copies[id(container)] = anew
    return copies.get(id(containers[0]), containers[0])


def _copier(value: Any, depth: int) -> Copier | None:
    kind = type(value)
    if kind in ATOMS:
        return None
    if kind in _SHALLOW and _are_atoms(traits_of(kind).parts(value)):
        return _SHALLOW[kind]
    if kind is list and depth < _DEEPEST_PLAN:
        return _plan_list([_copier(item, depth + 1) for item in value])
    if kind is dict and depth < _DEEPEST_PLAN and _are_atoms(value):
        return _plan_places(dict, {key: _copier(value[key], depth + 1) for key in value})
    return None if deep_copy(value) is value else deep_copy


def _plan_list(copiers: list[Copier | None]) -> Copier:
    if len(set(copiers)) > 1:
        return _plan_places(list, dict(enumerate(copiers)))
    return list.copy if copiers[0] is None else _of_each(copiers[0])


def _plan_places(kind: type, copiers: Mapping[Any, Copier | None]) -> Copier:
    mutable = ((place, copier) for place, copier in copiers.items() if copier is not None)
    return _of_some(kind, tuple(mutable))


@lru_cache(maxsize=_PLANS)
def _of_each(copier: Copier) -> Copier:
    """Return what copies a list all of whose items are copied alike."""
    return lambda value: list(map(copier, value))


@lru_cache(maxsize=_PLANS)
def _of_some(kind: type, mutable: tuple[tuple[Any, Copier], ...]) -> Copier:
    """Return what copies a dict or a list with mutable parts in these places."""
    shallow = _SHALLOW[kind]
    if not mutable:
        return shallow

    def copier(value: Any) -> Any:
        anew = shallow(value)
        for place, copy_part in mutable:
            anew[place] = copy_part(anew[place])
        return anew

    return copier


def _are_atoms(parts: Iterable[Any]) -> bool:
    return ATOMS.issuperset(map(type, parts))


def _is_surely_frozen(value: Any) -> bool:
    """Tell at a glance that nothing in a value can be changed; a closer look may find so too."""
    traits = traits_of(type(value))
    return traits.is_frozen and _are_atoms(traits.parts(value))
