"""What is in force now: the table of categories with the changes that an operator made to it.

The truth about the changes is in the database. The cache server holds a mirror of it, which every
process takes when it connects and whenever it changes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from threading import Lock
from typing import Any

from dbsbm.cache.categories import Category, Policy
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.overrides import (
    CATEGORIES,
    Changes,
    PolicyError,
    changed,
    checked,
    from_json,
    to_json,
)

log = logging.getLogger(__name__)


class Policies:
    """The policy of each category, changeable while the process runs. Threads may share it."""

    def __init__(self) -> None:
        self._changes: dict[Category, Changes] = {}
        self._current = _in_force({})
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Keep what is in force, without a lock that a thread of the parent may hold."""
        self._lock = Lock()

    def of(self, category: Category) -> Policy:
        """Return what is in force for a category."""
        return self._current[category]

    def changes(self) -> dict[Category, Changes]:
        """Return how what is in force differs from the table."""
        return dict(self._changes)

    def override(self, category: Category, **changes: Any) -> None:
        """Change fields of one category in this process.

        Raises:
            PolicyError: A change is not allowed; nothing was changed.
        """
        with self._lock:
            together = checked({**self._changes.get(category, {}), **changes})
            self._take({**self._changes, category: together})

    def replace(self, changes: Mapping[Category, Changes]) -> bool:
        """Have these changes of the table in force and no others.

        Returns:
            True if that made a difference.

        Raises:
            PolicyError: A change is not allowed; nothing was changed.
        """
        with self._lock:
            before = self._current
            self._take(changes)
            return self._current != before

    def reset(self) -> None:
        """Have the table in force as the code has it."""
        self.replace({})

    def _take(self, changes: Mapping[Category, Changes]) -> None:
        current = _in_force(changes)
        self._changes = {category: checked(each) for category, each in changes.items() if each}
        self._current = current


def parse_mirror(stored: bytes) -> dict[Category, Changes]:
    """Read the mirror on the cache server for `Policies.replace`. Never raises.

    A category that cannot be read keeps the table's policy, and the log says why: an earlier
    release need not know what a later one writes. Call this for a mirror that is there; when it is
    lost, keep what is in force, for whoever resets the policies writes an empty mirror.
    """
    try:
        categories = json.loads(stored)["categories"]
        items = list(categories.items())
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        log.warning(
            "The mirror of the cache's policies cannot be read; the table of the code is in force.",
            extra={"action": "cache.policy_unreadable"},
        )
        return {}
    return dict(read for name, each in items if (read := _parse(name, each)) is not None)


def render_mirror(changes: Mapping[Category, Changes], revision: int) -> bytes:
    """Write the mirror.

    Args:
        changes: What differs from the table.
        revision: Grows with every change in the database; an older mirror never replaces a newer.
    """
    categories = {category.value: to_json(each) for category, each in sorted(changes.items())}
    return json.dumps({"revision": revision, "categories": categories}).encode()


def _parse(name: str, stored: Any) -> tuple[Category, Changes] | None:
    try:
        return CATEGORIES[name], from_json(stored)
    except (KeyError, AttributeError, PolicyError) as error:
        log.warning(
            "The changed policy of the cache's %s cannot be read: %s",
            name[:40],
            error,
            extra={"action": "cache.policy_unreadable"},
        )
        return None


def _in_force(changes: Mapping[Category, Changes]) -> dict[Category, Policy]:
    return {category: changed(category.policy, changes.get(category, {})) for category in Category}
