"""Changes that the cache's server could not be told of, written down beside the changes themselves.

A process remembers what it owes the cache, but not beyond its own death. So the names of what it
changed are stored by the transaction that changed it: whoever finds them tells the cache.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine, Table, delete, insert, select

from dbsbm.querycache.writing.telling import Invalidator

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 500
"""Debts that are paid in one transaction."""

_MOST_REMEMBERED: Final = 10_000
"""Debts that a process pays by itself; what it owes beyond is found by `pay_debts`."""


class Ledger:
    """What this process owes, in a table: `id` (generated), `tags` (JSON) and `created_at`.

    Args:
        table: The table.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._own: dict[int, tuple[str, ...]] = {}

    def owe(self, connection: Connection, tags: Sequence[str]) -> None:
        """Write a debt down in the transaction that runs on a connection."""
        added = connection.execute(
            insert(self.table), {"tags": list(tags), "created_at": datetime.now(UTC)}
        )
        (number,) = added.inserted_primary_key or (None,)
        if number is not None and len(self._own) < _MOST_REMEMBERED:
            self._own[number] = tuple(tags)

    def settle(self, connection: Connection, cache: Invalidator) -> None:
        """Pay what this process has written down, now that the cache's server answers again."""
        own = dict(list(self._own.items())[:MOST_AT_ONCE])
        if not own or not cache.invalidate_tags(*_every(own.values())):
            return
        connection.execute(delete(self.table).where(self.table.c.id.in_(own)))
        for number in own:
            self._own.pop(number, None)


def pay_debts(engine: Engine, table: Table, cache: Invalidator, *, older_than: timedelta) -> int:
    """Tell the cache of changes whose writers could not, and did not come back to it.

    Args:
        engine: Of the database.
        table: The ledger's table.
        cache: Told.
        older_than: Leaves younger debts to their writers, which pay them by themselves.

    Returns:
        How many debts were paid: none where the cache's server is still away.
    """
    paid = 0
    while batch := _pay_batch(engine, table, cache, datetime.now(UTC) - older_than):
        paid += batch
    if paid:
        log.warning("paid debts to the cache", extra={"action": "querycache.debts", "paid": paid})
    return paid


def _pay_batch(engine: Engine, table: Table, cache: Invalidator, until: datetime) -> int:
    due = (
        select(table.c.id, table.c.tags)
        .where(table.c.created_at <= until)
        .order_by(table.c.created_at)
        .limit(MOST_AT_ONCE)
    )
    with engine.connect() as connection:
        debts = {row.id: tuple(row.tags) for row in connection.execute(due)}
    if not debts or not cache.invalidate_tags(*_every(debts.values())):
        return 0
    with engine.begin() as connection:
        connection.execute(delete(table).where(table.c.id.in_(debts)))
    return len(debts)


def _every(tags: Iterable[Sequence[str]]) -> list[str]:
    return sorted({tag for each in tags for tag in each})
