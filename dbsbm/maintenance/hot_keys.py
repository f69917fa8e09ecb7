"""The log of hot keys, kept in the database too: a cache that lost everything lost its log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.cache.hotlog import Hot, faded, read_hot
from dbsbm.cache.warming import function_finder, warm_up
from dbsbm.db.models import CacheHotLog
from dbsbm.errors import TransientError

log = logging.getLogger(__name__)

REMEMBERED: Final = 500
BUDGET: Final = timedelta(seconds=20)

_ROW: Final = 1


def warm(services: Services) -> int:
    """Load what was read most and is gone; returns how many keys that were."""
    try:
        hottest = remember(services)
        find = function_finder(services.cache.functions)
        report = warm_up(services.cache_client, hottest, find, budget=BUDGET)
    except TransientError as error:
        log.warning("%s", error, extra={"action": "cache.warm"})
        return 0
    log.info(
        "Loaded %d hot keys again; %d were there.",
        report.loaded,
        report.there,
        extra={"action": "cache.warmed_up", "unknown": report.unknown, "failed": report.failed},
    )
    return report.loaded


def remember(services: Services) -> list[Hot]:
    """Add the log to what the database remembers of it, and return that, the hottest first.

    Raises:
        TransientError: The database or the cache's server is away.
    """
    newest = read_hot(services.cache_client, REMEMBERED)

    def keep(session: Session) -> list[Hot]:
        row = session.get(CacheHotLog, _ROW, with_for_update=True)
        known = [Hot(wire, reads, 0.0) for wire, reads in row.entries] if row else []
        together = faded(known, newest, REMEMBERED)
        entries = [[hot.wire, round(hot.reads, 3)] for hot in together if hot.reads >= 0.001]
        session.merge(CacheHotLog(id=_ROW, taken_at=datetime.now(UTC), entries=entries))
        return together

    return services.database.transact(keep)
