"""The fleet's metrics as Prometheus reads them: one page for the whole fleet.

The page is made of what is stored, not of what processes hold, so it costs the same however many
children come and go. Counters begin at zero with the process that shows them, as Prometheus expects
of a restart; gauges are those of the newest minute. A distribution is a classic histogram, whose
buckets are cut out of the sketches, and beside it the newest minute's own quantiles.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, groupby
from math import ceil, log
from operator import attrgetter

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from dbsbm.db.engine import Database
from dbsbm.monitor.catalogue import METRICS
from dbsbm.monitor.counting.series import COUNTER, GAUGE, Kind
from dbsbm.monitor.counting.sketch import ALPHA, Sketch
from dbsbm.monitor.store.following import Followed, Follower

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
NUMBERS = (0.0, 1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)
"""Upper ends of the buckets of times, and of other values."""
_LOG_GAMMA = log((1 + ALPHA) / (1 - ALPHA))
QUANTILE = "q"
"""Their label: `quantile` is kept for summaries, which this is beside a histogram, not one."""
QUANTILES = (0.5, 0.95, 0.99)

FRESH = timedelta(minutes=3)
"""What was not measured for so long is not shown as if it were now."""


class Exposition:
    """Makes the page. Threads may share it; it is made anew when something new is stored."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] | None = None) -> None:
        """Describe the page; nothing is read yet. `now` is the clock, for tests."""
        self._now = now or (lambda: datetime.now(UTC))
        self._follower = Follower(database, now=self._now)
        self._lock = threading.Lock()
        self._made: tuple[object, bytes] | None = None

    def text(self) -> bytes:
        """The page, in the text format 0.0.4.

        Raises:
            TransientError: The database is away.
        """
        with self._lock:
            # Gauges grow old with the minutes, also where nothing more is stored.
            mark = (*self._follower.mark(), int(self._now().timestamp() // 60))
            if self._made is None or self._made[0] != mark:
                self._made = (mark, page(self._follower.read(), self._now()))
            return self._made[1]


def page(followed: Sequence[Followed], now: datetime) -> bytes:
    """Write series, sorted by name, as a page."""
    registry = CollectorRegistry()
    registry.register(_Collector(followed, now))
    return generate_latest(registry)


def exported_names() -> set[str]:
    """Every name that a sample of the page may have, for whoever writes rules and dashboards."""
    names = {AGE}
    for metric in METRICS.values():
        name = spelled(metric.name)
        if metric.kind is GAUGE:
            names.add(name)
        elif metric.kind is COUNTER:
            names.add(f"{name}_total")
        else:
            names |= {f"{name}_{part}" for part in ("bucket", "count", "sum", "quantile")}
    return names


def spelled(name: str) -> str:
    """A metric's name as Prometheus wants it: `dbsbm_task_run_seconds` for `task.run`."""
    metric = METRICS.get(name)
    unit = f"_{metric.unit}" if metric is not None and metric.unit else ""
    return "dbsbm_" + name.replace(".", "_") + unit


AGE = "dbsbm_newest_reading_age_seconds"


class _Collector(Collector):
    def __init__(self, followed: Sequence[Followed], now: datetime) -> None:
        self._followed = followed
        self._now = now

    def describe(self) -> Iterable[Family]:
        return ()

    def collect(self) -> Iterator[Family]:
        for (name, kind), each in groupby(self._followed, key=attrgetter("name", "kind")):
            yield from _families(name, Kind(kind), list(each), self._now)
        if self._followed:
            age = GaugeMetricFamily(AGE, "Age of the newest minute that is shown.")
            newest = max(each.at for each in self._followed)
            age.add_metric((), max(0.0, (self._now - newest).total_seconds()))
            yield age


def _families(name: str, kind: Kind, series: Sequence[Followed], now: datetime) -> Iterator[Family]:
    labels = sorted({label for each in series for label in each.labels})
    pairs = [([each.labels.get(label, "") for label in labels], each) for each in series]
    fresh = [(values, each) for values, each in pairs if each.at >= now - FRESH]
    known = METRICS.get(name)
    text = known.help if known is not None else name
    if kind is COUNTER:
        yield _counter(spelled(name), text, labels, pairs)
    elif kind is GAUGE:
        yield _gauge(spelled(name), text, labels, fresh)
    else:
        ends = SECONDS if spelled(name).endswith("_seconds") else NUMBERS
        yield _histogram(spelled(name), text, labels, pairs, ends)
        yield _quantiles(spelled(name), text, labels, fresh)


_Pairs = Iterable[tuple[list[str], Followed]]


def _counter(name: str, text: str, labels: Sequence[str], pairs: _Pairs) -> Family:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, each in pairs:
        family.add_metric(values, max(0.0, each.total.total))
    return family


def _gauge(name: str, text: str, labels: Sequence[str], pairs: _Pairs) -> Family:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, each in pairs:
        family.add_metric(values, each.newest.last)
    return family


def _histogram(
    name: str, text: str, labels: Sequence[str], pairs: _Pairs, ends: Sequence[float]
) -> Family:
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, each in pairs:
        if isinstance(each.total, Sketch):
            buckets = [*_cut(each.total, ends), ("+Inf", each.total.count)]
            family.add_metric(values, buckets, each.total.total)
    return family


def _cut(sketch: Sketch, ends: Sequence[float]) -> list[tuple[str, float]]:
    """How many values are at most each end: a value within 1.5 % of an end may count as below."""
    below = sum(sketch.negative.values())
    indexes = sorted(sketch.positive)
    counts = list(accumulate((sketch.positive[index] for index in indexes), initial=0))
    found: list[tuple[str, float]] = []
    for end in ends:
        zeros = sketch.zeros if end >= 0 else 0
        inside = bisect_right(indexes, ceil(log(end) / _LOG_GAMMA)) if end > 0 else 0
        found.append((repr(end), below + zeros + counts[inside]))
    return found


def _quantiles(name: str, text: str, labels: Sequence[str], pairs: _Pairs) -> Family:
    title = f"{text} Quantiles of the newest minute, within 0.75 %."
    family = GaugeMetricFamily(f"{name}_quantile", title, labels=[*labels, QUANTILE])
    for values, each in pairs:
        if isinstance(each.newest, Sketch) and each.newest.count:
            for q in QUANTILES:
                family.add_metric([*values, repr(q)], each.newest.quantile(q))
    return family
