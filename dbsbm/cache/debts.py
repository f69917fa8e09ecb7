"""Removals that the server could not be told of, remembered until it can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key

MOST_KEYS: Final = 10_000
"""Beyond that many keys their whole categories are owed, so that an outage takes bounded memory."""


class Debts:
    """Keys and categories that must be removed before this process believes the server again.

    Sets of immutable values, each changed in one step: threads may share it without a lock.
    """

    def __init__(self) -> None:
        self._keys: set[Key] = set()
        self._categories: set[Category] = set()

    def __bool__(self) -> bool:
        return bool(self._keys or self._categories)

    def owe(self, keys: Iterable[Key]) -> None:
        """Remember keys."""
        self._keys.update(keys)
        if len(self._keys) > MOST_KEYS:
            overflow = self.keys
            self._categories.update(key.category for key in overflow)
            self._keys.difference_update(overflow)

    def owe_category(self, category: Category) -> None:
        """Remember a whole category."""
        self._categories.add(category)

    def covers(self, key: Key) -> bool:
        """Tell whether what the server holds under a key may be outdated."""
        return key in self._keys or key.category in self._categories

    @property
    def keys(self) -> Sequence[Key]:
        """The keys that are owed now."""
        return list(self._keys)

    @property
    def categories(self) -> Sequence[Category]:
        """The categories that are owed now."""
        return list(self._categories)

    def paid(self, keys: Iterable[Key], categories: Iterable[Category]) -> None:
        """Forget what was removed."""
        self._keys.difference_update(keys)
        self._categories.difference_update(categories)
