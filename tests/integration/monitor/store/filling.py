"""Puts measured minutes into a database, as a sampler would have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricPoint, MetricSeries
from dbsbm.monitor.counting.series import Kind, labels_text
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.condense import SeriesKey, merged
from dbsbm.monitor.store.points import add_minute


class Filler:
    """Adds minutes to one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def minute(
        self, start: datetime, name: str, values: Iterable[float], /, **labels: object
    ) -> None:
        """Add values of a distribution, and of its total."""
        sketch = Sketch()
        sketch.add_all(list(values))
        self._add(start, name, Kind.DISTRIBUTION, sketch, labels)

    def plain(
        self, start: datetime, name: str, kind: Kind, values: Iterable[float], /, **labels: object
    ) -> None:
        """Add values of a counter or a gauge."""
        stats = Stats()
        stats.add_all(list(values))
        self._add(start, name, kind, stats, labels)

    def _add(
        self, start: datetime, name: str, kind: Kind, stats: Stats, labels: dict[str, object]
    ) -> None:
        text = labels_text(labels.items())
        found = {SeriesKey(name, key, kind): merged([stats]) for key in {text, ""}}
        self._database.transact(lambda session: add_minute(session, start, found))

    def points(self, resolution: int) -> dict[tuple[str, str, datetime], tuple[int, float]]:
        """Name, labels and start -> count and total, of all points of a resolution."""
        with self._database.read() as session:
            rows = session.execute(
                select(
                    MetricSeries.name,
                    MetricSeries.labels,
                    MetricPoint.start,
                    MetricPoint.count.label("number"),
                    MetricPoint.total,
                )
                .join(MetricSeries, MetricSeries.id == MetricPoint.series_id)
                .where(MetricPoint.resolution == resolution)
            )
            return {(name, labels, at): (number, total) for name, labels, at, number, total in rows}
