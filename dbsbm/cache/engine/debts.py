"""Invalidations that the server could not be told of, remembered until it can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final, TypeVar

from dbsbm.cache.categories import Category
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.keys import Key

T = TypeVar("T")

MOST: Final = 10_000
"""Beyond that many keys their whole categories are owed, beyond that many tags every category, so
that an outage takes bounded memory."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What was owed at one moment; each with the number under which it was remembered."""

    keys: dict[Key, int]
    tags: dict[str, int]
    categories: dict[Category, int]


class Debts:
    """What must be invalidated before this process believes the server again.

    Threads may share it without a lock: every step is one operation on one dict. A child process
    leaves the debts to its parent.
    """

    def __init__(self) -> None:
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Owe nothing."""
        self._serial = count()
        self._keys: dict[Key, int] = {}
        self._tags: dict[str, int] = {}
        self._categories: dict[Category, int] = {}

    def __bool__(self) -> bool:
        return bool(self._keys or self._tags or self._categories)

    def owe(self, keys: Iterable[Key]) -> None:
        """Remember keys."""
        serial = next(self._serial)
        self._keys.update(dict.fromkeys(keys, serial))
        if len(self._keys) > MOST:
            overflow = self._keys.copy()
            self.owe_categories({key.category for key in overflow})
            _forget(self._keys, overflow)

    def owe_tags(self, tags: Iterable[str]) -> None:
        """Remember tags."""
        serial = next(self._serial)
        self._tags.update(dict.fromkeys(tags, serial))
        if len(self._tags) > MOST:
            overflow = self._tags.copy()
            self.owe_categories(Category)
            _forget(self._tags, overflow)

    def owe_categories(self, categories: Iterable[Category]) -> None:
        """Remember whole categories."""
        self._categories.update(dict.fromkeys(categories, next(self._serial)))

    def covers(self, key: Key) -> bool:
        """Tell whether what the server holds under a key may be outdated."""
        return key in self._keys or key.category in self._categories

    def covers_any_tag(self, tags: Iterable[str]) -> bool:
        """Tell whether one of the tags may have changed without the server knowing."""
        return any(tag in self._tags for tag in tags) if self._tags else False

    def owed(self) -> Owed:
        """Return what is owed now."""
        return Owed(self._keys.copy(), self._tags.copy(), self._categories.copy())

    def paid(self, owed: Owed) -> None:
        """Forget what the server was told, but not what was owed once more meanwhile."""
        _forget(self._keys, owed.keys)
        _forget(self._tags, owed.tags)
        _forget(self._categories, owed.categories)


def _forget(remembered: dict[T, int], items: Mapping[T, int]) -> None:
    for item, serial in items.items():
        if remembered.get(item) == serial:
            remembered.pop(item, None)
