from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from dbsbm.db import migrate
from dbsbm.db.engine import Database
from dbsbm.db.models import MetricBatch, MetricPoint, MetricSeries, SlowStatement
from dbsbm.errors import TransientError
from dbsbm.monitor.counting import handover
from dbsbm.monitor.counting.handover import Handover
from dbsbm.monitor.counting.parcel import Parcel
from dbsbm.monitor.counting.recorder import NullRecorder, Recorder
from dbsbm.monitor.counting.series import COUNTER, spell
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.readings import queries
from dbsbm.monitor.readings.slow import SlowCalls
from dbsbm.monitor.store import points as store
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.sampler import SampleReport, sample
from tests.servers import MariaDBServer, ValkeyServer

MakeRecorder = Callable[..., Recorder]
Sample = Callable[..., SampleReport]


@pytest.fixture
def take_sample(broker: redis.Redis, cache: redis.Redis, new_recorder: MakeRecorder) -> Sample:
    recorder = new_recorder()

    def take(database: Database, recorder: Recorder = recorder) -> SampleReport:
        return sample(database, broker, cache, recorder, queues=("images", "fetch"))

    return take


def points(database: Database, name: str, labels: str = "") -> list[MetricPoint]:
    with database.read() as session:
        rows = (
            select(MetricPoint)
            .join(MetricSeries, MetricSeries.id == MetricPoint.series_id)
            .where(MetricSeries.name == name, MetricSeries.labels == labels)
        )
        return list(session.scalars(rows.order_by(MetricPoint.start)))


def total(database: Database, name: str, labels: str = "") -> float:
    return sum(point.total for point in points(database, name, labels))


def latest(database: Database, name: str, labels: str = "") -> float:
    return points(database, name, labels)[-1].last


def test_a_sample_stores_what_was_counted_since_the_last(
    database: Database, new_recorder: MakeRecorder, take_sample: Sample
) -> None:
    recorder = new_recorder()
    for amount in (2, 3):
        recorder.add("work", amount, kind="x")
        recorder.observe("took", amount, kind="y")
        assert take_sample(database, recorder).samples > 0
    take_sample(database, recorder)
    for series in (("work", "kind=x"), ("took", "kind=y"), ("took", "")):
        found = points(database, *series)
        assert sum(point.total for point in found) == 5
        assert sum(point.count for point in found) == 2
        assert max(point.high for point in found) == 3
        assert len(found) <= 2, "the point of a minute takes in what comes later"
    assert all(point.sketch is None for point in points(database, "work"))
    (summary,) = History(database).summary("took", *around_now())
    assert summary.quantile(0) == 2
    assert summary.sketch is not None
    assert summary.sketch.count == 2


def around_now() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now - timedelta(minutes=30), now + timedelta(minutes=2)


def test_late_minutes_are_stored_with_their_own_time(
    database: Database, broker: redis.Redis, take_sample: Sample
) -> None:
    now = time.time()
    for number, age in enumerate((90, 45, 45)):
        parcel = Parcel({int(now // 60) - age: {spell(COUNTER, "work", ()): Stats(1, 1, 1, 1, 1)}})
        Handover(broker).deliver(parcel, process="p", number=number, sent_at=now)
        take_sample(database)
    found = {
        round((now - point.start.timestamp()) / 60): point for point in points(database, "work")
    }
    assert {age: point.total for age, point in found.items()} in (
        {90: 1, 45: 2},
        {91: 1, 46: 2},
    )


def test_labels_that_differ_in_case_or_accents_are_series_of_their_own(
    database: Database, new_recorder: MakeRecorder, take_sample: Sample
) -> None:
    recorder = new_recorder()
    values = ("Team", "team", "tèam", "tεam", "team ", "TEAM\U0001f600")
    for value in values:
        recorder.add("work", 1, name=value)
    take_sample(database, recorder)
    assert total(database, "work", "name=Team") == 1
    assert total(database, "work", "name=team") == 2
    assert total(database, "work") == len(values)


def test_label_sets_without_end_fill_no_database(
    database: Database,
    new_recorder: MakeRecorder,
    take_sample: Sample,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "SERIES_PER_NAME", 10)
    recorder = new_recorder()
    for number in range(40):
        recorder.add("churn", 1, user=number)
        if number % 8 == 7:
            take_sample(database, recorder)
    with database.read() as session:
        count = select(func.count()).where(MetricSeries.name == "churn")
        assert (session.scalar(count) or 0) <= 12
    assert total(database, "churn") == 40
    assert total(database, "churn", "user=other") >= 30


def test_a_sample_stores_the_gauges_of_the_moment(
    database: Database,
    broker: redis.Redis,
    cache: redis.Redis,
    take_sample: Sample,
) -> None:
    broker.lpush("images", "a", "b")
    cache.set("key", "value")
    report = take_sample(database)
    assert latest(database, "queue.length", "queue=images") == 2
    assert latest(database, "queue.length", "queue=fetch") == 0
    assert latest(database, "cache.up") == 1
    assert report.recovered == 0


def test_a_cache_that_is_away_is_a_reading(
    database: Database, valkey_cache: ValkeyServer, take_sample: Sample
) -> None:
    valkey_cache.stop()
    take_sample(database)
    assert latest(database, "cache.up") == 0


def test_a_broker_that_is_away_is_a_transient_error(
    database: Database, valkey_broker: ValkeyServer, take_sample: Sample
) -> None:
    valkey_broker.stop()
    with pytest.raises(TransientError, match="The broker did not answer: ConnectionError"):
        take_sample(database)


def test_nothing_is_sampled_where_monitoring_is_off(
    database: Database, take_sample: Sample
) -> None:
    assert take_sample(database, NullRecorder()) == SampleReport(0, 0, 0)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(MetricBatch)) == 0


class FaultyDatabase:
    """Lets some transactions fail before their commit and some look failed after it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._calls = count()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def transact(self, work: Callable[[Session], Any]) -> Any:
        turn = next(self._calls) % 4
        if turn == 0:
            raise TransientError("The database did not answer: before the commit.")
        result = self._database.transact(work)
        if turn == 1:
            raise TransientError("The database did not answer: after the commit.")
        return result


PROCESS = """
import sys, redis
from dbsbm.monitor.counting.recorder import Recorder

recorder = Recorder(redis.Redis.from_url(sys.argv[1]), flush_seconds=0.01)
for number in range(20_000):
    recorder.add("work", 1)
    recorder.observe("took", 0.5, worker=sys.argv[2])
"""


@contextmanager
def four_processes(broker: ValkeyServer) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS, broker.url, str(number)])
        for number in range(4)
    ]
    try:
        yield processes
        assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_totals_are_what_four_processes_counted_with_two_samplers_and_a_failing_database(
    database: Database,
    valkey_broker: ValkeyServer,
    take_sample: Sample,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[Exception] = []

    def keep_sampling(processes: list[subprocess.Popen[bytes]]) -> None:
        faulty: Any = FaultyDatabase(database)
        while any(process.poll() is None for process in processes):
            try:
                take_sample(faulty)
            except TransientError as error:
                failures.append(error)

    with four_processes(valkey_broker) as processes:
        samplers = [threading.Thread(target=keep_sampling, args=(processes,)) for _ in range(2)]
        for sampler in samplers:
            sampler.start()
        for sampler in samplers:
            sampler.join()
    take_sample(database)
    assert len(failures) >= 4
    assert total(database, "work") == 80_000
    assert total(database, "took") == 40_000
    assert sum(point.count for point in points(database, "took")) == 80_000
    assert Handover(valkey_broker.client()).claim_abandoned() is None
    assert not [line for line in caplog.records if line.levelname == "ERROR"]


def test_totals_are_right_after_the_database_was_killed_under_the_sampler(
    mariadb: MariaDBServer,
    valkey_broker: ValkeyServer,
    new_recorder: MakeRecorder,
    take_sample: Sample,
) -> None:
    with mariadb.fresh_database() as url:
        migrate.upgrade(SecretStr(url))
        database = Database(SecretStr(url))
        recorder = new_recorder()
        recorder.add("work", 5)
        take_sample(database, recorder)
        mariadb.kill()
        for _ in range(3):
            recorder.add("work", 7)
            with pytest.raises(TransientError):
                take_sample(database, recorder)
        mariadb.start()
        report = take_sample(database, recorder)
        assert total(database, "work") == 26
        assert report.recovered == 1, "samplers went on taking while the database was away"
        database.dispose()


def test_a_batch_that_the_database_refuses_does_not_stop_the_next(
    database: Database, broker: redis.Redis, new_recorder: MakeRecorder, take_sample: Sample
) -> None:
    recorder = new_recorder()
    recorder.add("work", 1)
    recorder.flush()
    batch = Handover(broker).take()
    Handover(broker).release(batch.id)
    (minute,) = batch.minutes
    key = f"dbsbm:metrics:batch:{batch.id}:{minute.timestamp() // 60:.0f}"
    too_large = msgspec.msgpack.encode((2**63, 1, 1, 1, 1))
    broker.hset(key, "counter|work|", too_large)
    take_sample(database)
    recorder.add("work", 2)
    take_sample(database, recorder)
    assert total(database, "work") == 2
    assert broker.zcard(handover.LEASES) == 0


def slow_calls(calls: int, worst: float, plan: list[dict[str, Any]] | None) -> str:
    return SlowCalls("f1", "SELECT ?", calls, worst * calls, worst, 1e9, 1e9 + 5, plan).to_json()


@pytest.mark.parametrize("note", ["{", "[]", '{"calls": 1}', '{"fingerprint": 1}'])
def test_a_note_that_cannot_be_read_is_dropped_and_its_minutes_stay(
    database: Database, new_recorder: MakeRecorder, take_sample: Sample, note: str
) -> None:
    recorder = new_recorder()
    recorder.add("work", 1)
    for each in (note, slow_calls(2, 1.5, None)):
        recorder.note(each)
    assert take_sample(database, recorder).slow_statements == 1
    assert total(database, "work") == 1


def test_a_note_of_a_newer_release_is_read_as_far_as_it_is_known(
    database: Database, new_recorder: MakeRecorder, take_sample: Sample
) -> None:
    recorder = new_recorder()
    recorder.note(slow_calls(2, 1.5, None).replace("{", '{"more": 1, ', 1))
    assert take_sample(database, recorder).slow_statements == 1


def test_slow_calls_are_added_to_those_of_the_same_fingerprint(
    database: Database, new_recorder: MakeRecorder, take_sample: Sample
) -> None:
    recorder = new_recorder()
    recorder.note(slow_calls(2, 1.5, [{"detail": "SCAN bets"}]))
    recorder.note(slow_calls(1, 4.0, None))
    assert take_sample(database, recorder).slow_statements == 1
    recorder.note(slow_calls(1, 2.0, None))
    take_sample(database, recorder)
    with database.read() as session:
        row = session.get_one(SlowStatement, "f1")
        assert (row.calls, row.total_seconds, row.worst_seconds) == (4, 9.0, 4.0)
        assert row.plan == [{"detail": "SCAN bets"}]
        assert row.first_seen.timestamp() == 1e9
        assert row.last_seen.timestamp() == 1e9 + 5


def test_a_slow_statement_is_stored_with_the_plan_of_the_real_server(
    database: Database, new_recorder: MakeRecorder, take_sample: Sample
) -> None:
    recorder = new_recorder()
    queries.attach(database.engine, recorder, slow_query_seconds=1e-9)
    with database.read() as session:
        session.execute(
            text("SELECT id FROM bets WHERE note = :note ORDER BY capper_name"), {"note": "hunter2"}
        )
    take_sample(database, recorder)
    with database.read() as session:
        (row,) = session.scalars(select(SlowStatement).where(SlowStatement.text.contains("bets")))
    assert row.text == "SELECT id FROM bets WHERE note = ? ORDER BY capper_name"
    assert row.calls == 1
    assert row.plan
    assert "hunter2" not in str(row.plan)
    if database.dialect == "sqlite":
        assert [line["detail"] for line in row.plan] == [
            "SCAN bets",
            "USE TEMP B-TREE FOR ORDER BY",
        ]
    else:
        (line,) = row.plan
        assert (line["table"], line["type"], line["rows"]) == ("bets", "ALL", 1)
        assert "Using filesort" in line["Extra"]
