"""Loads what will be read of games that are about to start, minutes before that.

What slips show of a game is read by whoever places a bet on it, and most of them come shortly
before it starts. Boards and teams are not planned here: they are renewed every few minutes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.bootstrap import Services
from dbsbm.cache.away import away
from dbsbm.cache.categories import Category
from dbsbm.cache.engine.request import loading_for_nobody
from dbsbm.cache.keys import Key
from dbsbm.cache.marks import READ, UNREAD
from dbsbm.db.models import CacheHotLog, Game
from dbsbm.errors import TransientError
from dbsbm.maintenance.game_reads import REMEMBERED, observe, past_of, slot_of
from dbsbm.optimizer.prediction.demand import Demand
from dbsbm.optimizer.prediction.warming import FROM, UNTIL, Warm, plan
from dbsbm.slips.facts import matchup

log = logging.getLogger(__name__)

KINDS: Final = {f"{matchup.__module__}.{matchup.__qualname__}": Category.GAME_DATA}
"""Cached functions whose one argument is a game, with the category of their results."""
AHEAD: Final = timedelta(minutes=6)
"""What is due before the next run is loaded now: one comes every five minutes."""
MOST_LOADS: Final = 500
MOST_GAMES: Final = 5000

_ROW: Final = 3
_GAP: Final = timedelta(seconds=-FROM) + AHEAD


def warm(services: Services) -> int:
    """Load what is likely to be read and not there; returns how many values that were."""
    try:
        unread = _settle(services)
        loads = _due(services, datetime.now(UTC))
        loaded = [each for each in loads[:MOST_LOADS] if _load(services, each)]
    except TransientError as error:
        log.warning("%s", error, extra={"action": "cache.warm"})
        return 0
    log.info(
        "Loaded %d values for games that start; of earlier ones %d were not read.",
        len(loaded),
        unread,
        extra={"action": "cache.warmed_kick_offs"},
    )
    return len(loaded)


def _due(services: Services, now: datetime) -> list[Warm]:
    """What is to be loaded before the next run."""
    _ = services.gallery  # tells the query cache its functions
    readings, since = observe(services, KINDS)
    with services.database.read() as session:
        before = _games(session, max(since, now - REMEMBERED), now)
        coming = _games(session, now - timedelta(seconds=UNTIL), now + _GAP)
    demand = Demand.learn(past_of(before, readings, KINDS), now.timestamp())
    lifetimes = {kind: _lifetime(services, kind) for kind in KINDS}
    slots = [slot_of(game, kind) for game in coming for kind in KINDS]
    latest = (now + AHEAD).timestamp()
    return [
        each
        for each in plan(demand, slots, lifetimes)
        if each.at <= latest and each.at + lifetimes[each.slot.kind] > now.timestamp()
    ]


def _games(session: Session, since: datetime, until: datetime) -> Sequence[Game]:
    return session.scalars(
        select(Game)
        .where(Game.starts_at >= since, Game.starts_at < until)
        .order_by(Game.starts_at.desc())
        .limit(MOST_GAMES)
    ).all()


def _lifetime(services: Services, kind: str) -> float:
    return services.cache.policies.of(KINDS[kind]).ttl.total_seconds()


def _load(services: Services, warm: Warm) -> bool:
    """Load a value, unless it is there, and remember that somebody should come to read it."""
    function = services.query_cache.functions[warm.slot.kind]
    client = services.cache_client
    with services.database.read() as session:
        key = function.key(session, warm.slot.game)
    try:
        if client.exists(key.wire):
            return False
        # A first call may do no more than show what the result depends on.
        for _ in range(2):
            with loading_for_nobody(), services.database.read() as session:
                function(session, warm.slot.game)
            if client.exists(key.wire):
                _remember(services, key, warm.at + _lifetime(services, warm.slot.kind))
                return True
    except (redis.RedisError, OSError) as error:
        raise away("nothing was loaded before games", error) from error
    return False


def _remember(services: Services, key: Key, ends_at: float) -> None:
    def add(session: Session) -> None:
        row = session.get(CacheHotLog, _ROW, with_for_update=True)
        entries = [*(row.entries if row else []), [key.wire, key.category.value, ends_at]]
        _write(session, entries)

    services.database.transact(add)
    services.recorder.add("cache.warmed", 1, category=key.category)


def _settle(services: Services) -> int:
    """Count those whose time is over and that nobody was seen to have read."""
    now = datetime.now(UTC).timestamp()

    def settle(session: Session) -> Counter[str]:
        row = session.get(CacheHotLog, _ROW, with_for_update=True)
        entries = row.entries if row else []
        marks = _marks(services.cache_client, [wire for wire, *_ in entries])
        waiting, unread = [], Counter[str]()
        for entry, mark in zip(entries, marks, strict=True):
            _, category, ends_at = entry
            if mark == UNREAD and now < ends_at:
                waiting.append(entry)
            elif mark != READ:
                unread[category] += 1
        _write(session, waiting)
        return unread

    unread = services.database.transact(settle)
    for category, count in unread.items():
        services.recorder.add("cache.warmed_unread", count, category=category)
    return unread.total()


def _marks(client: redis.Redis, wires: Sequence[str]) -> list[bytes]:
    pipeline = client.pipeline(transaction=False)
    for wire in wires:
        pipeline.getrange(wire, 0, 0)
    try:
        return pipeline.execute()
    except (redis.RedisError, OSError) as error:
        raise away("what was loaded before games cannot be looked at", error) from error


def _write(session: Session, entries: list[Any]) -> None:
    row = CacheHotLog(id=_ROW, taken_at=datetime.now(UTC), entries=entries[-MOST_LOADS:])
    session.merge(row)
