"""What each series came to since somebody began to look, read minute by minute as it is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricBatch, MetricPoint, MetricSeries
from dbsbm.monitor.counting.series import parse_labels
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.condense import merged
from dbsbm.monitor.store.points import POINT, stats_of
from dbsbm.monitor.store.resolutions import MINUTE, floor
from dbsbm.monitor.store.splits import is_split

LATE = timedelta(minutes=5)
"""A minute may still grow for so long; what comes later is not followed."""
FORGET = timedelta(days=1)
"""A series that was not measured for so long is forgotten."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One series.

    Attributes:
        total: Everything since the follower began.
        newest: Its newest minute alone.
        at: When that minute began.
    """

    name: str
    labels: Mapping[str, str]
    kind: str
    total: Stats
    newest: Stats
    at: datetime


@dataclass(slots=True)
class _Settled:
    total: Stats
    newest: Stats
    at: datetime


class Follower:
    """Adds up the minutes of every series. For one thread."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] | None = None) -> None:
        """Begin with the last minutes; `now` is the clock, for tests."""
        self._database = database
        self._now = now or (lambda: datetime.now(UTC))
        self._since = floor(self._now() - LATE, MINUTE)
        self._settled: dict[int, _Settled] = {}
        self._read_before: dict[tuple[int, datetime], Stats] = {}
        self._series: dict[int, tuple[str, Mapping[str, str], str]] = {}
        self._splits: set[int] = set()

    def mark(self) -> tuple[Any, ...]:
        """Changes whenever something was stored, and costs one look at an index.

        Raises:
            TransientError: The database is away.
        """
        with self._database.read() as session:
            newest = session.scalar(select(func.max(MetricBatch.taken_at)))
            same = select(func.count()).where(MetricBatch.taken_at == newest)
            return newest, session.scalar(same)

    def read(self) -> list[Followed]:
        """Every series that was measured in the last day, sorted by name.

        Totals are left out where there are the series that they are of.

        Raises:
            TransientError: The database is away.
        """
        until = floor(self._now() - LATE, MINUTE)
        with self._database.read() as session:
            minutes = self._minutes(session)
        live: dict[int, _Settled] = {}
        for series_id, at, stats in minutes:
            _take(self._settled if at < until else live, series_id, at, stats)
        self._since = max(self._since, until)
        self._forget()
        return self._told(live)

    def _minutes(self, session: Session) -> list[tuple[int, datetime, Stats]]:
        """The minutes that may still grow; what did not grow is not decoded again."""
        rows = session.execute(
            select(*POINT)
            .where(MetricPoint.resolution == MINUTE, MetricPoint.start >= self._since)
            .order_by(MetricPoint.start)
        ).all()
        self._learn(session, {row.series_id for row in rows})
        read: dict[tuple[int, datetime], Stats] = {}
        for row in rows:
            if row.series_id not in self._series:  # counted in others, or deleted meanwhile
                continue
            key = (row.series_id, row.start)
            before = self._read_before.get(key)
            is_same = before is not None and (before.count, before.total) == (row.number, row.total)
            read[key] = before if is_same and before is not None else stats_of(row)
        self._read_before = read
        return [(series_id, at, stats) for (series_id, at), stats in read.items()]

    def _learn(self, session: Session, ids: Set[int]) -> None:
        unknown = ids - self._series.keys() - self._splits
        if not unknown:
            return
        rows = session.execute(
            select(
                MetricSeries.id, MetricSeries.name, MetricSeries.labels, MetricSeries.kind
            ).where(MetricSeries.id.in_(unknown))
        )
        for row in rows:
            if is_split(row.name):
                self._splits.add(row.id)
            else:
                self._series[row.id] = (row.name, parse_labels(row.labels), row.kind)

    def _forget(self) -> None:
        oldest = self._now() - FORGET
        self._settled = {key: each for key, each in self._settled.items() if each.at >= oldest}

    def _told(self, live: Mapping[int, _Settled]) -> list[Followed]:
        found = []
        for series_id in self._settled.keys() | live.keys():
            known = self._series[series_id]
            parts = [each[series_id] for each in (self._settled, live) if series_id in each]
            newest = parts[-1]
            total = merged(part.total for part in parts)
            found.append(Followed(*known, total, newest.newest, newest.at))
        labelled = {each.name for each in found if each.labels}
        told = [each for each in found if each.labels or each.name not in labelled]
        return sorted(told, key=lambda each: (each.name, sorted(each.labels.items())))


def _take(into: dict[int, _Settled], series_id: int, at: datetime, stats: Stats) -> None:
    known = into.get(series_id)
    if known is None:
        into[series_id] = _Settled(merged([stats]), stats, at)
    else:
        known.total.merge(stats)
        known.newest, known.at = stats, at
