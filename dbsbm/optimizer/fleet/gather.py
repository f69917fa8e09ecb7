"""Reads the evidence from the database and the cache's server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import redis
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dbsbm.cache.categories import Category, Policy
from dbsbm.cache.policy.policies import Policies, read_changes
from dbsbm.db.engine import Database
from dbsbm.db.models import DeadLetter, Effect, MetricBatch, SlowStatement, Statement
from dbsbm.db.policies import in_force
from dbsbm.errors import TransientError
from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.monitor.store.history import History
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import (
    CacheMemory,
    Counters,
    DeadLetters,
    Evidence,
    OverdueEffects,
    SlowQuery,
    Table,
)
from dbsbm.optimizer.fleet.games import read_game_load
from dbsbm.optimizer.fleet.hot_keys import read_hot_keys
from dbsbm.optimizer.fleet.jobs import read_jobs
from dbsbm.optimizer.fleet.measured import count_up, read_curves, read_trends
from dbsbm.optimizer.fleet.schema import read_tables
from dbsbm.optimizer.missing import Missing

T = TypeVar("T")

OVERDUE = timedelta(minutes=5)
"""An effect takes seconds, and the longest pause between two attempts is five minutes."""
_SLOWEST = 50


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is looked at."""

    since: datetime
    until: datetime

    @property
    def before(self) -> datetime:
        """Start of the window of the same length before this one."""
        return self.since - (self.until - self.since)


def gather(
    database: Database, cache: redis.Redis, *, window: timedelta, now: datetime | None = None
) -> Evidence:
    """Read the evidence of the last `window`; a part that cannot be read is `Missing`.

    `now` is the time at which the window ends, for tests.
    """
    until = now or datetime.now(UTC)
    times = Window(until - window, until)

    def read(probe: Callable[[Session, Window], T]) -> T | Missing:
        return _read(database, probe, times)

    blindness = read(_why_blind)

    def read_samples(probe: Callable[[Session, Window], T]) -> T | Missing:
        # Without samples an empty table is no evidence that all is well.
        return read(probe) if blindness is None else blindness

    def read_history(probe: Callable[[History, Window], T]) -> T | Missing:
        return read_samples(lambda _session, window: probe(_history(database, window), window))

    slow_queries = read_samples(_slow_queries)
    measured = read_history(_measured)
    curves, counters = (measured, measured) if isinstance(measured, Missing) else measured
    return Evidence(
        since=times.since,
        until=times.until,
        dialect=database.dialect,
        covered=read_samples(_covered),
        counters=counters,
        evicted_keys=read_history(_evicted_keys),
        policies=read(_policies),
        slow_queries=slow_queries,
        tables=_tables(database, slow_queries),
        dead_letters=read(_dead_letters),
        overdue_effects=read(_overdue_effects),
        cache_memory=_cache_memory(cache),
        curves=curves,
        trends=read_history(lambda history, of: read_trends(history, of.until)),
        jobs=read(lambda session, of: read_jobs(session, of.since)),
        hot_keys=read_hot_keys(cache),
        statements=read(lambda session, _: _texts(session, counters)),
        games=read_history(lambda history, of: read_game_load(database, history, of.until)),
    )


def gather_cache(cache: redis.Redis) -> Evidence:
    """Read what a cache's server says of itself, where nothing is known of a fleet."""
    now = datetime.now(UTC)
    unknown = Missing("Nothing is known of a fleet that uses this cache.")
    return Evidence(
        since=now,
        until=now,
        dialect="",
        covered=unknown,
        counters=unknown,
        evicted_keys=unknown,
        policies=unknown,
        slow_queries=unknown,
        tables=unknown,
        dead_letters=unknown,
        overdue_effects=unknown,
        cache_memory=_cache_memory(cache),
    )


def _read(database: Database, probe: Callable[[Session, Window], T], times: Window) -> T | Missing:
    try:
        with database.read() as session:
            return probe(session, times)
    except (SQLAlchemyError, TransientError) as error:
        return Missing(f"The database could not be asked ({type(error).__name__}).")


def _history(database: Database, times: Window) -> History:
    return History(database, now=lambda: times.until)


def _measured(history: History, times: Window) -> tuple[Curves, Counters]:
    curves = read_curves(history, times.since, times.until)
    return curves, count_up(curves, history, times.since, times.until)


def _why_blind(session: Session, times: Window) -> Missing | None:
    newest = session.scalar(select(func.max(MetricBatch.taken_at)))
    if newest is not None and newest >= times.since:
        return None
    hours = (times.until - times.since).total_seconds() / 3600
    return Missing(
        f"No sample was stored in the last {hours:.3g} hours: set ENABLE_PERFORMANCE_MONITORING, "
        "and see that beat and a worker for the queue maintenance run."
    )


def _covered(session: Session, times: Window) -> timedelta:
    first = session.scalar(
        select(func.min(MetricBatch.taken_at)).where(MetricBatch.taken_at >= times.since)
    )
    return timedelta(0) if first is None else times.until - first


def _evicted_keys(history: History, times: Window) -> int | Missing:
    """How far the server's own count grew; it begins at zero whenever the server does."""
    name = "cache.evicted_keys"
    found = history.series(name, times.since, times.until, step=timedelta(minutes=1))
    counts = [point.last for series in found for point in series.points]
    if not counts:
        return Missing("The cache's server did not answer when it was sampled.")
    return int(sum(new - old if new >= old else new for old, new in pairwise(counts)))


def _policies(session: Session, _times: Window) -> Mapping[Category, Policy]:
    _, stored = in_force(session)
    policies = Policies()
    policies.replace(read_changes(stored))
    return {category: policies.of(category) for category in Category}


def _slow_queries(session: Session, times: Window) -> tuple[SlowQuery, ...]:
    rows = session.scalars(
        select(SlowStatement)
        .where(SlowStatement.last_seen >= times.since)
        .order_by(SlowStatement.total_seconds.desc())
        .limit(_SLOWEST)
    )
    return tuple(
        SlowQuery(
            row.fingerprint, row.text, row.calls, row.total_seconds, row.worst_seconds, row.plan
        )
        for row in rows
    )


def _tables(
    database: Database, queries: Iterable[SlowQuery] | Missing
) -> Mapping[str, Table] | Missing:
    if isinstance(queries, Missing):
        return queries
    named = {fingerprint(query.text, database.dialect).table for query in queries}
    try:
        return read_tables(database.engine, named)
    except SQLAlchemyError as error:
        return Missing(f"The schema could not be read ({type(error).__name__}).")


def _texts(session: Session, counters: Counters | Missing) -> dict[str, str]:
    """The texts of the statements that tasks repeat once a row."""
    if isinstance(counters, Missing):
        return {}
    repeated = counters.by_label("task.repeating_runs", "call", kind="sql")
    known = select(Statement.fingerprint, Statement.text).where(Statement.fingerprint.in_(repeated))
    return {key: text for key, text in session.execute(known)}  # noqa: C416 - rows are no pairs


def _dead_letters(session: Session, times: Window) -> tuple[DeadLetters, ...]:
    in_window = DeadLetter.created_at >= times.since
    before = _letters(
        session, DeadLetter.created_at >= times.before, DeadLetter.created_at < times.since
    )
    return tuple(
        DeadLetters(source, task, count, before.get((source, task), 0))
        for (source, task), count in sorted(
            _letters(session, in_window, DeadLetter.replayed_at.is_(None)).items()
        )
    )


def _letters(session: Session, *where: ColumnElement[bool]) -> dict[tuple[str, str], int]:
    rows = session.execute(
        select(DeadLetter.source, DeadLetter.task, func.count())
        .where(*where)
        .group_by(DeadLetter.source, DeadLetter.task)
    )
    return {(source, task): count for source, task, count in rows}


def _overdue_effects(session: Session, times: Window) -> tuple[OverdueEffects, ...]:
    rows = session.execute(
        select(Effect.task, func.count(), func.min(Effect.created_at), func.max(Effect.attempts))
        .where(Effect.state == "pending", Effect.created_at < times.until - OVERDUE)
        .group_by(Effect.task)
        .order_by(Effect.task)
    )
    return tuple(
        OverdueEffects(task, count, times.until - oldest, attempts)
        for task, count, oldest, attempts in rows
    )


def _cache_memory(cache: redis.Redis) -> CacheMemory | Missing:
    try:
        info = cache.info("memory")
        return CacheMemory(info["used_memory"], info["maxmemory"], info["maxmemory_policy"])
    except (redis.RedisError, KeyError) as error:
        return Missing(f"The cache's server did not say how full it is ({type(error).__name__}).")
