"""A cap on redeliveries: a task that kills its worker every time must not do so for ever.

With `task_reject_on_worker_lost` a message whose child died goes back to its queue, uncounted. So
every redelivery is counted here, and one too many becomes a dead letter.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import redis
from sqlalchemy.orm import Session

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import DeadLetter, Effect

log = logging.getLogger(__name__)

MAX_REDELIVERIES = 3
_REMEMBER = 24 * 3600


def count_redelivery(broker: redis.Redis, task_id: str) -> int:
    """Count one redelivery of a message; returns how many there have been."""
    key = f"dbsbm:redelivered:{task_id}"
    with broker.pipeline(transaction=True) as pipe:
        pipe.incr(key)
        pipe.expire(key, _REMEMBER)
        return int(pipe.execute()[0])


def bury(
    database: Database, *, task: str, task_id: str, trace_id: str, kwargs: dict[str, Any]
) -> None:
    """Record a task that is dropped. What it carried is kept, so that it can be replayed."""
    reason = f"Killed its worker {MAX_REDELIVERIES + 1} times."

    def write(session: Session) -> None:
        effect_id = kwargs.get("effect_id")
        effect = session.get(Effect, effect_id) if effect_id is not None else None
        if effect is not None:
            outbox.bury(session, effect, reason)
            return
        session.add(
            DeadLetter(
                source="task",
                source_key=task_id,
                task=task,
                payload=kwargs,
                trace_id=trace_id,
                reason=reason,
                created_at=datetime.now(UTC),
            )
        )

    database.transact(write)
    log.error(
        "A task is given up: it kills its worker.", extra={"action": "task.poison", "task": task}
    )
