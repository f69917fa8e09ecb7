"""The shipped rules over the real history: what was stored is what they judge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from dbsbm.db.engine import Database
from dbsbm.db.models import Incident, MetricPoint, MetricSeries
from dbsbm.monitor.alerts.rulefile import load_rules
from dbsbm.monitor.alerts.watch import Alerts
from dbsbm.monitor.store.history import History

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def store(database: Database, name: str, kind: str, labels: str, *values: float) -> None:
    """One point a minute, the last of which ends now."""
    first = NOW - len(values) * MINUTE

    def write(session: Any) -> None:
        series = MetricSeries(name=name, labels=labels, kind=kind, first_seen=first, last_seen=NOW)
        session.add(series)
        session.flush()
        points = [
            {
                "series_id": series.id,
                "resolution": 60,
                "start": first + n * MINUTE,
                "count": 1,
                **dict.fromkeys(("total", "low", "high", "last"), value),
                "sketch": None,
            }
            for n, value in enumerate(values)
        ]
        session.execute(insert(MetricPoint), points)

    database.transact(write)


def fired(database: Database) -> dict[tuple[str, str], Incident]:
    history = History(database, now=lambda: NOW)
    watch = Alerts(database, history, load_rules(), runs_on=lambda: {"code": "a", "settings": {}})
    watch.evaluate(NOW, trace_id="t")
    with database.read() as session:
        return {(each.rule, each.series): each for each in session.scalars(select(Incident))}


def test_an_empty_history_raises_nothing(database: Database) -> None:
    assert fired(database) == {}


def test_a_hit_ratio_is_made_of_its_counters(database: Database) -> None:
    store(database, "cache.hits", "counter", "", *[950] * 110, *[500] * 10)
    store(database, "cache.misses", "counter", "", *[50] * 110, *[500] * 10)
    (incident,) = fired(database).values()
    assert (incident.rule, incident.series, incident.worst) == ("low-hit-ratio", "", 0.5)


def test_levels_are_judged_by_series_and_in_their_unit(database: Database) -> None:
    mib = 1024.0**2
    labels = "process=1.{},role=images"
    store(database, "process.memory_bytes", "gauge", labels.format(1), *[300 * mib] * 120)
    leaky = [300 * mib] * 60 + [800 * mib] * 60
    store(database, "process.memory_bytes", "gauge", labels.format(2), *leaky)
    (incident,) = fired(database).values()
    assert (incident.rule, incident.series) == ("high-memory", labels.format(2))
    assert (incident.worst, incident.threshold, incident.unit) == (800.0, 512.0, "MB")
    assert incident.evidence["top"][0]["labels"] == {"role": "images", "process": "1.2"}


def test_counts_and_forecasts_are_judged(database: Database) -> None:
    store(database, "worker.lost", "counter", "cause=signal 9,role=images", *[0] * 20, 1, 1, 1)
    falling = [600 - 2 * n for n in range(120)]
    store(database, "provider.quota_left", "gauge", "provider=apisports", *falling)
    assert set(fired(database)) == {
        ("worker-lost", "role=images"),
        ("quota-running-out", "provider=apisports"),
    }
