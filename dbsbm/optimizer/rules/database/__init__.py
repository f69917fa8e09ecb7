"""The server's own state: memory, connections, locks and transactions."""

from __future__ import annotations

from dbsbm.optimizer.rules.database import (
    buffer_pool,
    connections,
    deadlock,
    idle_transaction,
    lock_waits,
)

RULES = (buffer_pool, connections, deadlock, idle_transaction, lock_waits)
"""One module a rule."""
