"""The page that Prometheus reads, made of what a real database stores."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricBatch
from dbsbm.monitor import exposition
from dbsbm.monitor.catalogue import METRICS
from dbsbm.monitor.counting.series import COUNTER, DISTRIBUTION, GAUGE, Kind
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.exposition import Exposition, exported_names
from dbsbm.monitor.store.condense import condense
from dbsbm.monitor.store.points import add_minute

ROOT = Path(__file__).resolve().parents[4]
START = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def series(kind: Kind, name: str, labels: str, values: list[float]) -> tuple[str, Stats]:
    stats: Stats = Sketch() if kind is DISTRIBUTION else Stats()
    stats.add_all(values)
    return f"{kind.value}|{name}|{labels}", stats


def store(database: Database, at: datetime, *found: tuple[str, Stats]) -> None:
    def write(session: Session) -> None:
        number = f"{random.getrandbits(128):032x}"
        session.add(MetricBatch(id=number, taken_at=at, samples=0))
        add_minute(session, at, condense(dict(found)))

    database.transact(write)


def samples(page: bytes) -> dict[str, float]:
    """`name{labels}` -> value, as Prometheus' own parser reads them."""
    found = {}
    for family in text_string_to_metric_families(page.decode()):
        for sample in family.samples:
            labels = ",".join(f'{k}="{v}"' for k, v in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_counters_go_on_over_the_minutes_and_gauges_are_the_newest(
    database: Database, clock: Clock
) -> None:
    page = Exposition(database, now=clock)
    for minute in range(12):
        clock.now = START + timedelta(minutes=minute, seconds=50)
        store(
            database,
            START + timedelta(minutes=minute),
            series(COUNTER, "task.retries", "task=a", [1, 2]),
            series(GAUGE, "queue.length", "queue=images", [minute, minute * 2]),
        )
        found = samples(page.text())
        assert found['dbsbm_task_retries_total{task="a"}'] == 3 * (minute + 1)
        assert found['dbsbm_queue_length{queue="images"}'] == minute * 2
    assert "dbsbm_task_retries_total{}" not in found, "the sum over all tasks would count twice"


def test_a_minute_that_grows_is_counted_as_it_is(database: Database, clock: Clock) -> None:
    page = Exposition(database, now=clock)
    for amount in (1, 10, 100):
        clock.now += timedelta(seconds=30)
        store(database, START, series(COUNTER, "task.retries", "task=a", [amount]))
        total = samples(page.text())['dbsbm_task_retries_total{task="a"}']
    assert total == 111
    clock.now += timedelta(minutes=20)
    assert samples(page.text())['dbsbm_task_retries_total{task="a"}'] == 111


def test_a_gauge_that_nobody_tells_any_more_is_not_shown(database: Database, clock: Clock) -> None:
    page = Exposition(database, now=clock)
    store(database, START, series(GAUGE, "beat.silence", "", [1.0]))
    assert samples(page.text())["dbsbm_beat_silence_seconds{}"] == 1.0
    clock.now += timedelta(minutes=10)
    found = samples(page.text())
    assert "dbsbm_beat_silence_seconds{}" not in found
    assert found["dbsbm_newest_reading_age_seconds{}"] == 600


def test_a_distribution_is_a_histogram_and_true_quantiles(database: Database, clock: Clock) -> None:
    values = [0.004] * 60 + [0.2] * 39 + [20.0]
    store(database, START, series(DISTRIBUTION, "task.run", "outcome=ok,queue=q,task=a", values))
    found = samples(Exposition(database, now=clock).text())
    labels = 'outcome="ok",queue="q",task="a"'
    name = "dbsbm_task_run_seconds"

    def bucket(end: str) -> float:
        return found[f'{name}_bucket{{le="{end}",{labels}}}']

    assert [bucket(end) for end in ("0.0025", "0.005", "0.25", "10.0", "30.0", "+Inf")] == [
        *(0, 60, 99, 99, 100, 100)
    ]
    assert found[f"{name}_count{{{labels}}}"] == 100
    assert found[f"{name}_sum{{{labels}}}"] == pytest.approx(sum(values))
    quantile = found[f'{name}_quantile{{outcome="ok",q="0.95",queue="q",task="a"}}']
    assert quantile == pytest.approx(0.2, rel=0.01)


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=200))
@settings(max_examples=60)
def test_the_buckets_of_a_sketch_hold_what_belongs_there(values: list[float]) -> None:
    sketch = Sketch()
    sketch.add_all(values)
    for text, count in exposition._cut(sketch, exposition.SECONDS):
        end = float(text)
        surely = sum(value <= end / 1.016 for value in values)
        perhaps = sum(value <= end * 1.016 for value in values)
        assert surely <= count <= perhaps


def test_nothing_is_read_again_until_something_is_stored(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Exposition(database, now=clock)
    store(database, START, series(COUNTER, "task.retries", "task=a", [1]))
    first = page.text()
    reads = []
    read = page._follower.read
    monkeypatch.setattr(page._follower, "read", lambda: reads.append(1) or read())
    for _ in range(5):
        assert page.text() is first
    assert reads == []
    store(database, START, series(COUNTER, "task.retries", "task=a", [1]))
    clock.now += timedelta(seconds=1)
    assert page.text() != first


def test_every_metric_of_the_catalogue_can_be_exported_under_its_name(
    database: Database, clock: Clock
) -> None:
    found = [
        series(metric.kind, metric.name, ",".join(f"{label}=x" for label in metric.labels), [1.5])
        for metric in METRICS.values()
    ]
    for at in range(0, len(found), 50):
        store(database, START, *found[at : at + 50])
    page = Exposition(database, now=clock).text()
    names = {text.partition("{")[0] for text in samples(page)}
    assert names == exported_names()


RECORDS = re.compile(r'\.(observe|add|gauge|bind)\(\s*"([a-z_]+\.[a-z_.]+)"')


def test_what_the_code_records_is_in_the_catalogue() -> None:
    kinds = {"observe": DISTRIBUTION, "bind": DISTRIBUTION, "add": COUNTER, "gauge": GAUGE}
    recorded = [
        (name, kinds[call])
        for folder in ("dbsbm", "tasks", "workers", "bot")
        for file in (ROOT / folder).rglob("*.py")
        for call, name in RECORDS.findall(file.read_text())
    ]
    assert len(recorded) > 30
    unknown = [name for name, kind in recorded if name not in METRICS or METRICS[name].kind != kind]
    assert unknown == []
