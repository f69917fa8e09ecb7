"""What the fleet is said to have measured, written as the monitor writes it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from dbsbm.db.engine import Database
from dbsbm.monitor.counting.series import Kind, labels_text
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.condense import SeriesKey
from dbsbm.monitor.store.points import add_minute


class Past:
    """Collects observations of one minute after another, and stores them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._minutes: dict[datetime, dict[SeriesKey, Stats]] = defaultdict(dict)

    def observe(self, at: datetime, name: str, *values: float, **labels: str) -> None:
        self._take(at, name, Kind.DISTRIBUTION, values, labels)

    def add(self, at: datetime, name: str, *values: float, **labels: str) -> None:
        self._take(at, name, Kind.COUNTER, values, labels)

    def gauge(self, at: datetime, name: str, *values: float, **labels: str) -> None:
        self._take(at, name, Kind.GAUGE, values, labels)

    def store(self) -> None:
        """Write every minute that was collected since the last time."""
        for minute, found in sorted(self._minutes.items()):
            self._database.transact(
                lambda session, minute=minute, found=found: add_minute(session, minute, found)
            )
        self._minutes.clear()

    def _take(
        self,
        at: datetime,
        name: str,
        kind: Kind,
        values: tuple[float, ...],
        labels: dict[str, str],
    ) -> None:
        minute = self._minutes[at.replace(second=0, microsecond=0)]
        for text in {labels_text(labels.items()), ""}:
            key = SeriesKey(name, text, kind)
            if key not in minute:
                minute[key] = Sketch() if kind is Kind.DISTRIBUTION else Stats()
            minute[key].add_all(values)
