"""The log of hot keys, kept in the database too: a cache that lost everything lost its log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.cache.operating.hotlog import Hot, faded, read_hot
from dbsbm.cache.operating.warming import (
    Finder,
    Reload,
    arguments_of,
    function_finder,
    parts_of,
    warm_up,
)
from dbsbm.db.engine import Database
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
        report = warm_up(services.cache_client, hottest, finder(services), budget=BUDGET)
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


def finder(services: Services) -> Finder:
    """Return what finds the calls of all cached functions of the product."""
    _ = services.board, services.standings, services.gallery  # each tells the caches its functions
    find_value = function_finder(services.cache.functions)
    return lambda wire: find_value(wire) or _find_query(services, wire)


def _find_query(services: Services, wire: str) -> Reload | None:
    """Return what calls a function of a session, whose keys name the database behind the name."""
    parts = parts_of(wire)
    name = str(parts[0]).rpartition("@")[0] if parts else ""
    function = services.query_cache.functions.get(name)
    if function is None or not parts:
        return None
    try:
        arguments = arguments_of(function, parts[1:], past=1)
        with services.database.read() as session:
            is_same = function.key(session, *arguments).wire == wire
    except Exception:  # noqa: BLE001 - what is no call of this function fails in any way
        return None
    return partial(_call, services.database, function, arguments) if is_same else None


def _call(database: Database, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
    # A first call may do no more than show what the result depends on; the second one is kept.
    for _ in range(2):
        with database.read() as session:
            function(session, *arguments)


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
