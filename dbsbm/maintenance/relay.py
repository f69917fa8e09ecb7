"""Pushes overdue commands and effects again, until each is done or a dead letter.

What a process that died owed to the cache is paid here too: nothing else runs as often.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError

from dbsbm.bootstrap import Services
from dbsbm.db import outbox
from dbsbm.db.models import DeadLetter
from dbsbm.maintenance import dues
from dbsbm.wire.inbox import Entry


def run(services: Services) -> dict[str, int]:
    """Relay once; returns how many of each were sent, given up or paid."""
    effects = services.database.transact(outbox.due)
    for effect_id, task, trace_id in effects:
        services.send(task, {"effect_id": effect_id}, trace_id)
    pushed, expired = services.inbox.push_due()
    for entry in expired:
        _give_up(services, entry)
    return {
        "effects": len(effects),
        "commands": pushed,
        "expired": len(expired),
        "cache_debts": dues.settle(services),
    }


def _give_up(services: Services, entry: Entry) -> None:
    """Record a command nobody can be answered for any more, then forget it."""
    letter = DeadLetter(
        source="inbox",
        source_key=str(entry.interaction_id),
        task=entry.task,
        # The message itself holds a sealed token that is worth nothing by now: leave it out.
        payload={"interaction_id": entry.interaction_id},
        trace_id="",
        reason="Nobody handled this command while Discord still took an answer.",
        created_at=datetime.now(UTC),
    )
    # It may be recorded already, by a relay that died before it settled the entry.
    with suppress(IntegrityError):
        services.database.transact(lambda session: session.add(letter))
    services.inbox.settle(entry.interaction_id)
