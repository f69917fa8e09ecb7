"""The one way to read what was measured: series, sums over a span, the largest, the latest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricSeries
from dbsbm.monitor.counting.series import parse_labels
from dbsbm.monitor.store.finding import Asked, label_sets, matching
from dbsbm.monitor.store.gathering import gather
from dbsbm.monitor.store.points import SEEN_AGAIN
from dbsbm.monitor.store.reading import Group, Series, Summary, put_together, sum_up
from dbsbm.monitor.store.resolutions import MINUTE, floor
from dbsbm.monitor.store.rows import Only, Stat, Stretch, read_rows
from dbsbm.monitor.store.spans import choose_step, stretches

Order = Literal["total", "count", "p95", "high"]

_ORDERS: Mapping[Order, Callable[[Summary], float]] = {
    "total": lambda summary: summary.total,
    "count": lambda summary: summary.count,
    "p95": lambda summary: summary.quantile(0.95),
    "high": lambda summary: summary.high,
}


class History:
    """Reads points of the resolution that fits a span, and finer ones where they end.

    Every method takes aware times. `where` names labels that a series must have; `by` names labels
    whose values are kept apart, and all others are added up. Without both, the total over all label
    sets is read, which is one series however many there are. A span begins with the point that
    `since` lies in. A gauge that is added up over series is the mean of all their readings.

    Raises:
        TransientError: The database is away.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime] | None = None,
        session: Session | None = None,
    ) -> None:
        """Read from a database; `now` is the clock, for tests, `session` the only one to use."""
        self._database = database
        self._now = now or (lambda: datetime.now(UTC))
        self._session = session

    @contextmanager
    def together(self) -> Iterator[History]:
        """The same for many short questions, over one connection: to get one costs as much."""
        with self._reading() as session:
            yield History(self._database, now=self._now, session=session)

    def series(
        self,
        name: str,
        since: datetime,
        until: datetime,
        *,
        where: Mapping[str, str] | None = None,
        by: Sequence[str] = (),
        step: timedelta | None = None,
        only: Collection[Stat] | None = None,
    ) -> list[Series]:
        """The points of a metric between two times, one series for each group of labels.

        Args:
            name: Such as `db.query`.
            since: The first point is the one that this lies in.
            until: Points that start here or later are left out.
            where: Label -> value that a series must have.
            by: Labels by which series are kept apart.
            step: Time between two points, a multiple of a minute; None chooses one for which a
                series has at most 400 points, or 750 of hours.
            only: The statistics that will be asked of the points, with which it is many times
                faster; None for all of them, and any quantile.

        Returns:
            Series sorted by their labels. A point is missing where nothing was measured.
        """
        seconds = choose_step(since, until, self._now(), step)
        found = self._read(
            Asked(name, since, until, where or {}, by),
            seconds,
            None if only is None else frozenset(only),
        )
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
        found = self._read(Asked(name, since, until, where or {}, by), seconds, None)
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
        with self._reading() as session:
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
        asked = Asked(name, since, until, where or {}, ())
        part = Stretch(MINUTE, since, until)
        with self._reading() as session:
            known = matching(asked, label_sets(session, asked))
            rows = read_rows(session, [series.id for series in known], part, None)
        newest = {row.series_id: row for row in rows}  # they come in their order of time
        return [
            sum_up(
                name,
                Group(parse_labels(series.labels), series.kind, [row]),
                start=datetime.fromtimestamp(row.stamp, UTC),
                seconds=MINUTE,
            )
            for series in sorted(known, key=lambda each: each.labels)
            if (row := newest.get(series.id))
        ]

    def _reading(self) -> AbstractContextManager[Session]:
        return self._database.read() if self._session is None else nullcontext(self._session)

    def _read(self, asked: Asked, seconds: int, only: Only) -> list[Group]:
        """Each group that has any points, sorted by labels."""
        with self._reading() as session:
            parts = stretches(session, asked.since, asked.until, seconds)
            return gather(session, asked, parts, seconds, only)
