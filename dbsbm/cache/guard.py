"""The one way to the server: guarded by breakers, counted, and never raising because of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import redis

from dbsbm.cache.categories import Category
from dbsbm.cache.core import FAILURES, Core
from dbsbm.cache.debts import Debts
from dbsbm.cache.keys import BATCH, Key, batches, prefix


class Guard:
    """Calls the server for the cache.

    Args:
        client: The server's client, or None for no server at all.
        core: Counts and breakers.
    """

    def __init__(self, client: redis.Redis | None, core: Core) -> None:
        self._client = client
        self._core = core
        self._debts = Debts()

    def read(
        self,
        keys: Sequence[Key],
        command: Callable[[redis.Redis], Any],
        otherwise: Any = None,
    ) -> Any:
        """Call the server unless it is known to be away.

        Args:
            keys: What the call is about; a failure is counted in their categories.
            command: Given the client, makes the call and returns its answer.
            otherwise: The answer when it fails, is known to fail, or there is no server.
        """
        return self._call(keys, command, otherwise)

    def write(
        self,
        keys: Sequence[Key],
        command: Callable[[redis.Redis], Any],
        otherwise: Any = None,
    ) -> Any:
        """Call the server unless it is known to be away or to refuse writes; see `read`."""
        if self._client is None:
            return otherwise
        if not self._core.writes.admits():
            self._core.skipped(keys)
            return otherwise
        return self._call(keys, command, otherwise, may_write=True)

    def touch(self, keys: Sequence[Key], command: Callable[[redis.Redis], Any]) -> Any:
        """Make a write that is not missed when it cannot be made; the answer is None then."""
        if not self._core.writes.admits():
            return None
        return self._call(keys, command, may_write=True)

    def remove(self, keys: Sequence[Key]) -> bool:
        """Remove keys, now or, returning False, as soon as the server can be told."""
        wires = [key.wire for key in keys]
        if self._client is None or not wires:
            return True
        # Not `write`: a full server refuses to store, but is glad to remove.
        if self.read(keys, lambda client: client.unlink(*wires)) is None:
            self._debts.owe(keys)
            return False
        self._count_removals(keys)
        return True

    def remove_category(self, category: Category) -> bool:
        """Remove a category, now or, returning False, as soon as the server can be told."""
        if self._client is None:
            return True
        anything = Key.of(category, None)
        if not self.read([anything], lambda client: _remove_all(client, category)):
            self._debts.owe_category(category)
            return False
        self._core.stats.invalidated(category)
        return True

    def knows_outdated(self, key: Key) -> bool:
        """Tell whether the server may still hold what we could not remove."""
        return bool(self._debts) and self._debts.covers(key)

    def _call(
        self,
        keys: Sequence[Key],
        command: Callable[[redis.Redis], Any],
        otherwise: Any = None,
        *,
        may_write: bool = False,
    ) -> Any:
        if self._client is None:
            return otherwise
        if not self._core.link.admits() or not self._pay_debts(self._client, may_write):
            self._core.skipped(keys)
            return otherwise
        try:
            answer = command(self._client)
        except FAILURES as error:
            self._core.failed(keys, error)
            return otherwise
        self._core.link.succeeded()
        if may_write:
            self._core.writes.succeeded()
        return answer

    def _pay_debts(self, client: redis.Redis, may_write: bool) -> bool:
        """Remove what could not be removed before; False if the server is away still."""
        if not self._debts or not (may_write or self._core.writes.admits()):
            return True
        keys, categories = self._debts.keys, self._debts.categories
        try:
            for batch in batches(keys):
                client.unlink(*(key.wire for key in batch))
            for category in categories:
                _remove_all(client, category)
        except FAILURES as error:
            self._core.failed([], error)
            return not self._core.link.is_open
        self._debts.paid(keys, categories)
        self._count_removals(keys)
        for category in categories:
            self._core.stats.invalidated(category)
        self._core.writes.succeeded()
        return True

    def _count_removals(self, keys: Sequence[Key]) -> None:
        for key in keys:
            self._core.stats.invalidated(key.category)


def _remove_all(client: redis.Redis, category: Category) -> bool:
    wires: list[Any] = []
    for wire in client.scan_iter(match=f"{prefix(category)}*", count=1000):
        wires.append(wire)
        if len(wires) >= BATCH:
            client.unlink(*wires)
            wires.clear()
    if wires:
        client.unlink(*wires)
    return True
