"""Reads what the rules look at out of the measured past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from dbsbm.monitor.counting.series import Kind, labels_text
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Point
from dbsbm.optimizer.fleet.curves import Curve, Curves, Reading
from dbsbm.optimizer.fleet.evidence import Counters, Total

LATE_QUANTILE: Final = 0.9
"""Where it is late, surely more than 5 % are: 10 % of 200 have a lower bound of 6.6 %."""

FAR_BACK: Final = timedelta(days=14)
"""Two weeks have two of each weekday, and are kept by the hour."""

_STEP: Final = timedelta(minutes=10)
_FAR_STEP: Final = timedelta(hours=3)
_HOUR: Final = timedelta(hours=1)

_Labels = tuple[str, ...]
_Span = tuple[datetime, datetime]

_CATEGORY: Final = ("category",)
_LEVEL: Final = ("category", "level")

# Metric -> the labels that the rules tell apart.
_MEASURED: Final[Mapping[str, _Labels]] = {
    **dict.fromkeys(("cache.hits", "cache.bytes_read", "cache.evictions"), _LEVEL),
    **dict.fromkeys(
        (
            *("cache.misses", "cache.sets", "cache.drops", "cache.errors", "cache.invalidations"),
            *("cache.loads", "cache.load_ns", "cache.load_errors", "cache.bytes_written"),
            *("cache.waits", "cache.refreshes", "cache.stale"),
        ),
        _CATEGORY,
    ),
    "cache.reload_age": ("category", "family", "changed"),
    **dict.fromkeys(("cache.fragmentation", "cache.used_bytes"), ()),
    **dict.fromkeys(("db.pool_wait", "db.pool_wait_long", "db.pool_timeouts"), ()),
    **dict.fromkeys(("db.pool.size", "db.pool.overflow", "db.pool.checked_out"), ()),
    **dict.fromkeys(("database.connections", "database.max_connections"), ()),
    "task.run": ("task", "queue", "outcome"),
    "task.wait": ("task", "queue"),
    "task.wait_long": ("queue",),
    "task.retries": ("task",),
    "task.redelivered": ("task",),
    **dict.fromkeys(
        ("task.repeating_runs", "task.repeated_calls", "task.repeated_seconds"),
        ("task", "kind", "call"),
    ),
    "worker.lost": ("role", "cause"),
    "queue.unacknowledged": (),
    "process.memory_bytes": ("role", "process"),
    "discord.ack_failures": ("command",),
}
_ANSWERED: Final = ("discord.answer", "discord.ack")

# What grows for weeks until it is full.
_GROWING: Final[Mapping[str, _Labels]] = {
    "system.disk_free_bytes": ("host",),
    "system.memory_available_bytes": ("host",),
    "broker.used_bytes": (),
    "broker.max_bytes": (),
    "database.table_bytes": ("table",),
    "database.size_bytes": (),
}
_QUOTA: Final = "provider.quota_left"


def read_curves(history: History, since: datetime, until: datetime) -> Curves:
    """All that is measured of the window, by steps of ten minutes."""
    return Curves(
        curve
        for name, by in _MEASURED.items()
        for curve in _curves(history, name, by, (since, until), _STEP)
    )


def read_trends(history: History, until: datetime) -> Curves:
    """What grows over weeks, and by the hour what providers' plans had left."""
    span = (until - FAR_BACK, until)
    growing = (
        curve
        for name, by in _GROWING.items()
        for curve in _curves(history, name, by, span, _FAR_STEP)
    )
    return Curves([*growing, *_curves(history, _QUOTA, ("provider",), span, _HOUR)])


def count_up(curves: Curves, history: History, since: datetime, until: datetime) -> Counters:
    """The window's sums, and how late the latest tenth of the answers was."""
    totals = [total for curve in curves for total in _totals(curve)]
    for name in _ANSWERED:
        for found in history.summary(name, since, until, by=("command",)):
            labels = labels_text(found.labels.items())
            late = found.quantile(LATE_QUANTILE)
            totals.append(Total(f"{name}.count", labels, found.count, found.count))
            totals.append(Total(f"{name}.p90", labels, late, late))
            totals.append(Total(f"{name}.max", labels, found.high, found.high))
    return Counters(totals)


def _curves(
    history: History, name: str, by: _Labels, span: _Span, step: timedelta
) -> Iterator[Curve]:
    found = history.series(name, *span, by=by, step=step, only=("count", "total", "low", "high"))
    for series in found:
        # A label set of before a label was there has no value of it.
        labels = {label: value for label, value in series.labels.items() if value}
        yield Curve(name, labels, series.kind, step.total_seconds(), _readings(series.points))


def _readings(points: Iterable[Point]) -> Sequence[Reading]:
    return [
        Reading(point.start.timestamp(), point.count, point.total, point.low, point.high)
        for point in points
    ]


def _totals(curve: Curve) -> Iterator[Total]:
    """A counter under its own name; of what has a distribution its count, sum and highest."""
    labels = labels_text(curve.labels.items())
    count = sum(reading.count for reading in curve.readings)
    total = sum(reading.total for reading in curve.readings)
    high = max((reading.high for reading in curve.readings), default=0.0)
    if curve.kind == Kind.COUNTER.value:
        yield Total(curve.name, labels, total, high)
        return
    yield Total(f"{curve.name}.count", labels, count, count)
    yield Total(f"{curve.name}.sum", labels, total, total)
    yield Total(f"{curve.name}.max", labels, high, high)
