"""What one evaluation of all shipped rules costs, over the three hours that most look back on."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import psutil
from sqlalchemy import insert

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricSeries
from dbsbm.monitor.alerts.rulefile import load_rules
from dbsbm.monitor.alerts.watch import Alerts
from dbsbm.monitor.catalogue import METRICS
from dbsbm.monitor.counting.series import Kind, labels_text
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.points import insert_points
from dbsbm.monitor.store.resolutions import MINUTE, floor

MINUTES = 190
_VALUES: Mapping[str, int] = {
    "fingerprint": 60,
    "task": 20,
    "process": 16,
    "endpoint": 6,
    "queue": 5,
    "role": 6,
    "category": 10,
    "provider": 2,
    "error": 3,
    "status": 3,
    "host": 2,
}
"""How many values each label has in a busy fleet; a metric has 60 label sets at most, as stored."""
_WELL: Mapping[str, float] = {
    "cache.hits": 90,
    "provider.quota_left": 5000,
    "system.disk_free_bytes": 5e11,
}
"""What gauges and counters say where nothing is wrong, if that is not 0."""


def seconds_of_an_evaluation(
    database: Database, servers: list[psutil.Process], *, runs: int
) -> float:
    """Processor seconds of one evaluation: this thread's and the servers'."""
    now = floor(datetime.now(UTC), MINUTE)
    _fill(database, now)
    alerts = Alerts(
        database,
        History(database, now=lambda: now),
        load_rules(),
        runs_on=lambda: {"code": "1", "settings": {}},
    )
    alerts.evaluate(now, trace_id="bench")
    began, served = time.thread_time(), _cpu(servers)
    for run in range(runs):
        alerts.evaluate(now + timedelta(seconds=run + 1), trace_id="bench")
    return (time.thread_time() - began + _cpu(servers) - served) / runs


def _fill(database: Database, now: datetime) -> None:
    """Three hours of every metric that a rule looks at, where nothing is wrong."""
    wanted = {name for rule in load_rules() for name in (rule.signal.metric, *rule.signal.total)}
    series = [
        (metric, labels)
        for metric in METRICS.values()
        if metric.name in wanted
        for labels in ("", *_label_sets(metric.labels))
    ]
    first = 100_000
    rows = [
        {
            "id": first + number,
            "name": metric.name,
            "labels": labels,
            "kind": metric.kind.value,
            "first_seen": now - timedelta(hours=4),
            "last_seen": now,
        }
        for number, (metric, labels) in enumerate(series)
    ]
    database.transact(lambda session: [session.execute(insert(MetricSeries), rows)])
    dice = random.Random(11)
    sketch = Sketch()
    sketch.add_all([dice.lognormvariate(-4, 1.0) for _ in range(100)])
    for minute in range(MINUTES):
        start = now - timedelta(minutes=minute + 1)
        found: dict[int, Stats] = {
            first + number: sketch if metric.kind is Kind.DISTRIBUTION else _well(metric.name)
            for number, (metric, _) in enumerate(series)
        }
        database.transact(lambda s: insert_points(s, MINUTE, start, found))  # noqa: B023 - run at once


def _well(name: str) -> Stats:
    value = _WELL.get(name, 0.0)
    return Stats(1, value, value, value, value)


def _label_sets(labels: tuple[str, ...]) -> Iterator[str]:
    values = [
        [(label, each) for each in ("ok", "refused", "retry")]
        if label == "outcome"
        else [(label, f"{label}{number}") for number in range(_VALUES.get(label, 4))]
        for label in labels
    ]
    return (labels_text(each) for each in itertools.islice(itertools.product(*values), 60) if each)


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)
