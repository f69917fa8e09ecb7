"""What the database knows of work that was given up or is still owed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from dbsbm.db.engine import Database
from dbsbm.db.models import DeadLetter, Effect
from dbsbm.monitor.counting.recorder import Recorder


def measure_backlog(recorder: Recorder, database: Database) -> None:
    """Record `deadletters.open` and `outbox.pending`.

    Raises:
        TransientError: The database is away.
    """
    with database.read() as session:
        dead = session.scalar(_count(DeadLetter).where(DeadLetter.replayed_at.is_(None)))
        pending = session.scalar(_count(Effect).where(Effect.state == "pending"))
    recorder.gauge("deadletters.open", dead or 0)
    recorder.gauge("outbox.pending", pending or 0)


def _count(table: type[Any]) -> Select[int]:
    return select(func.count()).select_from(table)
