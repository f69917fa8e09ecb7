"""What is counted while the database is away, full or slow is stored late, and once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import event, func, select

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricBatch, MetricPoint
from dbsbm.errors import TransientError
from dbsbm.monitor.counting.handover import Handover
from dbsbm.monitor.counting.parcel import Parcel
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.counting.series import COUNTER, DISTRIBUTION, spell
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.resolutions import DAY
from dbsbm.monitor.store.rollup import roll_up
from dbsbm.monitor.store.sampler import SampleReport, sample
from tests.integration.monitor.store.filling import Filler
from tests.servers import ValkeyServer, wait_until

TakeSample = Callable[[Database], SampleReport]
DONE = spell(COUNTER, "done", [("task", "t")])
TOOK = spell(DISTRIBUTION, "took", [("task", "t")])


@pytest.fixture
def take_sample(
    broker: redis.Redis, cache: redis.Redis, new_recorder: Callable[..., Recorder]
) -> TakeSample:
    recorder = new_recorder()

    def take(database: Database) -> SampleReport:
        return sample(database, broker, cache, recorder, queues=())

    return take


def deliver_minutes(broker: redis.Redis, count: int) -> None:
    """One parcel a minute for the minutes before now."""
    now = time.time()
    for number in range(count):
        sketch = Sketch()
        sketch.add_all([1.0, 2.0])
        minute = int(now // 60) - count + number
        parcel = Parcel({minute: {DONE: Stats(1, 3, 3, 3, 3), TOOK: sketch}})
        for _ in range(2):  # everything is delivered twice
            Handover(broker).deliver(parcel, process=f"p{number}", number=1, sent_at=now)


def test_an_hour_without_the_database_is_stored_late_and_once(
    database: Database,
    broker: redis.Redis,
    take_sample: TakeSample,
    filler: Filler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise TransientError("The database did not answer.")

    deliver_minutes(broker, 60)
    with monkeypatch.context() as patch:
        patch.setattr(database, "transact", fail)
        for _ in range(5):
            with pytest.raises(TransientError):
                take_sample(database)
    report = take_sample(database)
    assert report.recovered == 1
    assert take_sample(database).recovered == 0
    minutes = {key: value for key, value in filler.points(60).items() if key[0] in {"done", "took"}}
    assert len(minutes) == 60 * 4
    assert {value for key, value in minutes.items() if key[0] == "done"} == {(1, 3.0)}
    assert {value for key, value in minutes.items() if key[0] == "took"} == {(2, 3.0)}
    assert not broker.keys("dbsbm:metrics:batch:*")


def test_a_full_disk_loses_nothing(
    migrated_sqlite_url: str, broker: redis.Redis, take_sample: TakeSample
) -> None:
    full = Database(SecretStr(migrated_sqlite_url))

    @event.listens_for(full.engine, "connect")
    def limit(connection: object, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    deliver_minutes(broker, 30)
    with pytest.raises(TransientError):
        take_sample(full)
    full.dispose()
    roomy = Database(SecretStr(migrated_sqlite_url))
    take_sample(roomy)
    done = [value for key, value in Filler(roomy).points(60).items() if key[:2] == ("done", "")]
    assert done == [(1, 3.0)] * 30
    roomy.dispose()


def test_late_minutes_reach_the_day_they_belong_to(
    database: Database, broker: redis.Redis, take_sample: TakeSample, filler: Filler
) -> None:
    deliver_minutes(broker, 20)
    take_sample(database)
    roll_up(database, now=datetime.now(UTC) + timedelta(days=2))
    days = [value for key, value in filler.points(DAY).items() if key[:2] == ("done", "task=t")]
    assert sum(count for count, _ in days) == 20


SAMPLER = """
import sys, time
import redis
from pydantic import SecretStr
from dbsbm.db.engine import Database
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.store import sampler

add_minute = sampler.add_minute

def slowly(*arguments):
    written = add_minute(*arguments)
    print("written", flush=True)
    time.sleep(600)
    return written

sampler.add_minute = slowly
broker = redis.Redis.from_url(sys.argv[1])
recorder = Recorder(broker, flush_seconds=3600)
sampler.sample(
    Database(SecretStr(sys.argv[2])), broker, broker, recorder, queues=()
)
"""


def test_a_sampler_that_is_killed_in_the_middle_stores_nothing_and_the_next_stores_all(
    database: Database,
    migrated_url: str,
    valkey_broker: ValkeyServer,
    broker: redis.Redis,
    take_sample: TakeSample,
    filler: Filler,
) -> None:
    deliver_minutes(broker, 10)
    argv = [sys.executable, "-c", SAMPLER, valkey_broker.url, migrated_url]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"written\n"
        finally:
            os.kill(process.pid, signal.SIGKILL)

    def is_free() -> bool:
        """The server has noticed that the killed one's transaction is over."""
        with database.read() as session:
            return session.scalar(select(func.count()).select_from(MetricPoint)) == 0

    wait_until(is_free)
    for batch in broker.zrange("dbsbm:metrics:leases", 0, -1):
        Handover(broker).release(batch.decode())
    assert take_sample(database).recovered == 1
    done = [value for key, value in filler.points(60).items() if key[:2] == ("done", "")]
    assert done == [(1, 3.0)] * 10
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(MetricBatch)) == 2
