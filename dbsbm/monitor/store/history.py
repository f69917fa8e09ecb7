"""The one way to read what was measured: series, sums over a span, the largest, the latest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricPoint, MetricSeries
from dbsbm.monitor.counting.series import parse_labels
from dbsbm.monitor.store.points import POINT, SEEN_AGAIN
from dbsbm.monitor.store.reading import Group, Series, Summary, put_together, sum_up
from dbsbm.monitor.store.resolutions import MINUTE, floor
from dbsbm.monitor.store.spans import Stretch, choose_step, stretches

Order = Literal["total", "count", "p95", "high"]

_ORDERS: Mapping[Order, Callable[[Summary], float]] = {
    "total": lambda summary: summary.total,
    "count": lambda summary: summary.count,
    "p95": lambda summary: summary.quantile(0.95),
    "high": lambda summary: summary.high,
}


class _Asked(NamedTuple):
    name: str
    since: datetime
    until: datetime
    where: Mapping[str, str]
    by: Sequence[str]


# Group -> kind and the ids of the series that it is made of.
_Groups = Mapping[tuple[str, ...], tuple[str, list[int]]]


class History:
    """Reads points of the resolution that fits a span, and finer ones where they end.

    Every method takes aware times. `where` names labels that a series must have; `by` names labels
    whose values are kept apart, and all others are added up. Without both, the total over all label
    sets is read, which is one series however many there are. A span begins with the point that
    `since` lies in. A gauge that is added up over series is the mean of all their readings.

    Raises:
        TransientError: The database is away.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime] | None = None) -> None:
        """Read from a database; `now` is the clock, for tests."""
        self._database = database
        self._now = now or (lambda: datetime.now(UTC))

    def series(
        self,
        name: str,
        since: datetime,
        until: datetime,
        *,
        where: Mapping[str, str] | None = None,
        by: Sequence[str] = (),
        step: timedelta | None = None,
    ) -> list[Series]:
        """The points of a metric between two times, one series for each group of labels.

        Args:
            name: Such as `db.query`.
            since: The first point is the one that this lies in.
            until: Points that start here or later are left out.
            where: Label -> value that a series must have.
            by: Labels by which series are kept apart.
            step: Time between two points, a multiple of a minute; None chooses one for which a
                series has at most 400 points.

        Returns:
            Series sorted by their labels. A point is missing where nothing was measured.
        """
        seconds = choose_step(since, until, self._now(), step)
        found = self._read(_Asked(name, since, until, where or {}, by), seconds)
        length = timedelta(seconds=seconds)
        return [
            Series(group.labels, group.kind, length, put_together(group, seconds))
            for group in found
        ]

    def summary(
        self,
        name: str,
        since: datetime,
        until: datetime,
        *,
        where: Mapping[str, str] | None = None,
        by: Sequence[str] = (),
    ) -> list[Summary]:
        """The whole span as one point a group, with the span's own quantiles."""
        seconds = choose_step(since, until, self._now(), None)
        found = self._read(_Asked(name, since, until, where or {}, by), seconds)
        span = (until - since).total_seconds()
        return [sum_up(name, group, start=since, seconds=span) for group in found]

    def top(
        self,
        name: str,
        since: datetime,
        until: datetime,
        *,
        by: Sequence[str],
        where: Mapping[str, str] | None = None,
        order: Order = "total",
        limit: int = 10,
    ) -> list[Summary]:
        """The groups of a span that are largest by `order`, the largest first."""
        found = self.summary(name, since, until, where=where, by=by)
        return sorted(found, key=_ORDERS[order], reverse=True)[:limit]

    def names(self, since: datetime) -> dict[str, str]:
        """Metric -> kind, of all metrics that were measured since then."""
        with self._database.read() as session:
            rows = session.execute(
                select(MetricSeries.name, MetricSeries.kind)
                .where(MetricSeries.last_seen >= since - SEEN_AGAIN, MetricSeries.labels == "")
                .order_by(MetricSeries.name)
            )
            return {row.name: row.kind for row in rows}

    def latest(
        self,
        name: str,
        *,
        where: Mapping[str, str] | None = None,
        within: timedelta = timedelta(seconds=180),
    ) -> list[Summary]:
        """The newest minute of each label set, of those that were measured `within` this time."""
        until = self._now() + timedelta(seconds=MINUTE)
        since = floor(self._now() - within, MINUTE)
        asked = _Asked(name, since, until, where or {}, ())
        with self._database.read() as session:
            known = _label_sets(session, asked)
            rows = _rows(session, [row[0] for row in known], [Stretch(MINUTE, since, until)])
        newest = {row.series_id: row for row in rows}  # they come in their order of time
        return [
            sum_up(
                name,
                Group(parse_labels(text), kind, [newest[series_id]]),
                start=newest[series_id].start,
                seconds=MINUTE,
            )
            for series_id, text, kind in sorted(known, key=lambda row: row[1])
            if series_id in newest
        ]

    def _read(self, asked: _Asked, seconds: int) -> list[Group]:
        """Each group that has any rows, sorted by labels."""
        with self._database.read() as session:
            groups = _groups(session, asked)
            ids = [series_id for _, own in groups.values() for series_id in own]
            parts = stretches(session, asked.since, asked.until, seconds) if ids else []
            rows = _rows(session, ids, parts)
        by_series: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in rows:
            by_series[row.series_id].append(row)
        return [
            Group(dict(zip(asked.by, values, strict=True)), kind, found)
            for values, (kind, own) in sorted(groups.items())
            if (found := [row for series_id in own for row in by_series[series_id]])
        ]


def _groups(session: Session, asked: _Asked) -> _Groups:
    """The series that are asked for, by the values of the labels that keep them apart."""
    if asked.where or asked.by:
        found = _label_sets(session, asked)
    else:
        found = _known(session, asked, MetricSeries.labels == "")
    groups: dict[tuple[str, ...], tuple[str, list[int]]] = {}
    for series_id, text, kind in found:
        labels = parse_labels(text)
        values = tuple(labels.get(label, "") for label in asked.by)
        groups.setdefault(values, (kind, []))[1].append(series_id)
    return groups


def _label_sets(session: Session, asked: _Asked) -> list[tuple[int, str, str]]:
    """Id, labels and kind of the series with labels, or of the one without where it is alone."""
    known = _known(session, asked)
    labelled = [row for row in known if row[1]]
    wanted = asked.where.items()
    return [row for row in labelled or known if wanted <= parse_labels(row[1]).items()]


def _known(session: Session, asked: _Asked, *also: Any) -> list[tuple[int, str, str]]:
    rows = session.execute(
        select(MetricSeries.id, MetricSeries.labels, MetricSeries.kind).where(
            MetricSeries.name == asked.name,
            MetricSeries.last_seen >= asked.since - SEEN_AGAIN,
            MetricSeries.first_seen < asked.until,
            *also,
        )
    )
    return [(series_id, labels, kind) for series_id, labels, kind in rows]


def _rows(session: Session, ids: Sequence[int], parts: Iterable[Stretch]) -> list[Row[Any]]:
    """The points of the series, each series' in the order of time."""
    found: list[Row[Any]] = []
    for part in parts:
        found += session.execute(
            select(*POINT)
            .where(
                MetricPoint.series_id.in_(sorted(ids)),
                MetricPoint.resolution == part.resolution,
                MetricPoint.start >= part.since,
                MetricPoint.start < part.until,
            )
            .order_by(MetricPoint.series_id, MetricPoint.start)
        )
    return found
