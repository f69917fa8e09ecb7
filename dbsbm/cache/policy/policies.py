"""What is in force now: the table of categories with the changes that an operator made to it.

The truth about the changes is in the database. The cache server holds a mirror of it, which every
process takes when it connects and whenever it changes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dbsbm.cache.categories import Category, Policy
from dbsbm.cache.policy.overrides import (
    CATEGORIES,
    Changes,
    PolicyError,
    changed,
    from_json,
    to_json,
)

log = logging.getLogger(__name__)


class Policies:
    """The policy of each category, changeable while the process runs. Threads may share it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []
        self._current = _in_force({})

    def of(self, category: Category) -> Policy:
        """Return what is in force for a category."""
        return self._current[category]

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have something called after each change that made a difference."""
        self._listeners.append(listener)

    def replace(self, changes: Mapping[Category, Changes]) -> bool:
        """Have these changes of the table in force and no others.

        Returns:
            True if that made a difference.

        Raises:
            PolicyError: A change is not allowed; nothing was changed.
        """
        current = _in_force(changes)
        before, self._current = self._current, current
        if current == before:
            return False
        for listener in self._listeners:
            listener()
        return True


def parse_mirror(stored: bytes) -> dict[Category, Changes]:
    """Read the mirror on the cache server for `Policies.replace`. Never raises.

    What cannot be read keeps the table's value, and the log says why: an earlier release need not
    know what a later one writes. Call this for a mirror that is there; when it is lost, keep what
    is in force, for whoever resets the policies writes an empty mirror.
    """
    try:
        return read_changes(dict(json.loads(stored)["categories"]))
    except (ValueError, TypeError, LookupError, RecursionError):
        log.warning(
            "The mirror of the cache's policies cannot be read; the table of the code is in force.",
            extra={"action": "cache.policy_unreadable"},
        )
        return {}


def read_changes(stored: Mapping[str, Any]) -> dict[Category, Changes]:
    """Read changes by category as JSON has them; what cannot be read is logged and left out."""
    changes: dict[Category, Changes] = {}
    for name, each in stored.items():
        category = CATEGORIES.get(name)
        if category is None or not isinstance(each, Mapping):
            _log_unreadable(f"{str(name)[:40]!r} is no category with its fields.")
        elif read := {field: value for pair in each.items() for field, value in _read(*pair)}:
            changes[category] = read
    return changes


def render_mirror(changes: Mapping[Category, Changes], revision: int) -> bytes:
    """Write the mirror.

    Args:
        changes: What differs from the table.
        revision: Grows with every change in the database; an older mirror never replaces a newer.
    """
    categories = {category.value: to_json(each) for category, each in sorted(changes.items())}
    return json.dumps({"revision": revision, "categories": categories}).encode()


def _read(field: str, value: Any) -> Iterable[tuple[str, Any]]:
    try:
        return from_json({field: value}).items()
    except PolicyError as error:
        _log_unreadable(error)
        return ()


def _log_unreadable(reason: object) -> None:
    log.warning(
        "A change of the cache's policies cannot be read: %s",
        reason,
        extra={"action": "cache.policy_unreadable"},
    )


def _in_force(changes: Mapping[Category, Changes]) -> dict[Category, Policy]:
    return {category: changed(category.policy, changes.get(category, {})) for category in Category}
