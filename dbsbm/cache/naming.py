"""The key and the tags of a call of a cached function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key, Part

MOST_REMEMBERED: Final = 4096

TagsOf = Iterable[str] | Callable[..., Iterable[str]]
PartsOf = Callable[..., Part | tuple[Part, ...]]

# Values of these types that are equal have the same key. Of others, such as Decimal, equal ones may
# have different keys: they are worked out each time.
_PLAIN: Final = frozenset({str, int, bool, type(None), UUID})

_KEYWORDS: Final = object()


@dataclass(frozen=True, slots=True)
class Named:
    """What a call of a cached function is called.

    Attributes:
        key: Of its value.
        tags: What its value depends on.
    """

    key: Key
    tags: tuple[str, ...]


class Naming:
    """Names the calls of one function.

    The arguments make the key, each under its parameter, with the defaults that apply: so it makes
    no difference how they are passed.

    Args:
        function: What is called.
        category: What kind of value it returns.
        name: Names the function in all processes; its module and qualified name by default.
        key: Given the arguments, returns the parts of the key instead.
        tags: What the value depends on; or, given the arguments, returns that.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        category: Category,
        *,
        name: str | None,
        key: PartsOf | None,
        tags: TagsOf | None,
    ) -> None:
        self.name = name or f"{function.__module__}.{function.__qualname__}"
        self.remembered: dict[tuple[Any, ...], Named] = {}
        self._category = category
        self._signature = inspect.signature(function)
        self._parts_of = key
        self._tags_of = tags

    def named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Named:
        """Return what a call is called.

        Raises:
            TypeError: The function takes no such arguments, or one cannot be part of a key.
        """
        token = token_of(args, kwargs)
        try:
            named = self.remembered.get(token)
        except TypeError:
            named = None  # an argument cannot be hashed
        if named is None:
            named = self._work_out(args, kwargs)
            if _PLAIN.issuperset(map(type, (*args, *kwargs.values()))):
                self._remember(token, named)
        return named

    def _work_out(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Named:
        parts = self._parts(args, kwargs)
        try:
            key = Key.of(self._category, self.name, *parts)
        except TypeError as error:
            raise TypeError(
                f"{self.name} cannot be cached by its arguments: {error}. Give the decorator a "
                "function as `key` that returns the parts that matter."
            ) from None
        tags = self._tags_of
        return Named(key, tuple(tags(*args, **kwargs) if callable(tags) else tags or ()))

    def _parts(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Part, ...]:
        if self._parts_of is not None:
            given = self._parts_of(*args, **kwargs)
            return given if isinstance(given, tuple) else (given,)
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        parts: list[Part] = []
        for name, value in bound.arguments.items():
            kind = self._signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                parts += [len(value), *value]
            elif kind is inspect.Parameter.VAR_KEYWORD:
                parts += [part for pair in sorted(value.items()) for part in pair]
            else:
                parts.append(value)
        return tuple(parts)

    def _remember(self, token: tuple[Any, ...], named: Named) -> None:
        if len(self.remembered) >= MOST_REMEMBERED:
            self.remembered.clear()
        self.remembered[token] = named


def token_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells a call from others: arguments with their types, for 1 equals True."""
    if not kwargs:
        return (*args, *map(type, args))
    values = kwargs.values()
    return (*args, *map(type, args), _KEYWORDS, *kwargs, *values, *map(type, values))
