from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from dbsbm.monitor.counting.recorder import NullRecorder
from dbsbm.monitor.readings import pool, queries
from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.monitor.readings.pool import timed_pool
from tests.unit.monitor.doubles import OfflineRecorder


@pytest.fixture
def recorder() -> OfflineRecorder:
    return OfflineRecorder()


@pytest.fixture
def engine(tmp_path: Path, recorder: OfflineRecorder) -> Iterator[Engine]:
    engine = create_engine(
        f"sqlite:///{tmp_path / 'queries.db'}",
        poolclass=timed_pool(recorder),
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.2,
    )
    queries.attach(engine, recorder, slow_query_seconds=1000)
    yield engine
    engine.dispose()


def series(statement: str, verb: str, table: str) -> str:
    return f"fingerprint={fingerprint(statement, 'sqlite').id},table={table},verb={verb}"


def test_each_statement_is_counted_by_its_fingerprint(
    engine: Engine, recorder: OfflineRecorder
) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bets (id INTEGER)"))
        for number in range(3):
            connection.execute(text("SELECT id FROM bets WHERE id = :id"), {"id": number})
    sums = recorder.sums()
    labels = series("SELECT id FROM bets WHERE id = ?", "select", "bets")
    assert sums[f"db.query.count|{labels}"] == 3
    assert 0 < sums[f"db.query.sum|{labels}"] < 60


def test_engines_with_other_options_are_measured_too(
    engine: Engine, recorder: OfflineRecorder
) -> None:
    with engine.execution_options(any="option").connect() as connection:
        connection.execute(text("SELECT 1"))
    assert recorder.sums()[f"db.query.count|{series('SELECT 1', 'select', '')}"] == 1


def test_a_statement_that_fails_is_counted_as_an_error_and_by_its_time(
    engine: Engine, recorder: OfflineRecorder
) -> None:
    with engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT nothing FROM nowhere"))
    sums = recorder.sums()
    assert sums["db.errors|error=OperationalError"] == 1
    failed = series("SELECT nothing FROM nowhere", "select", "nowhere")
    assert sums[f"db.query.count|{failed}"] == 1


def test_a_slow_statement_is_handed_over_with_its_plan(tmp_path: Path) -> None:
    recorder = OfflineRecorder()
    engine = create_engine(f"sqlite:///{tmp_path / 'slow.db'}")
    queries.attach(engine, recorder, slow_query_seconds=0)
    with engine.connect() as connection:
        connection.execute(text("SELECT name FROM sqlite_master WHERE name = :n"), {"n": "x"})
    recorder.flush()
    (note,) = recorder.collect().notes
    assert "SCAN sqlite_master" in note
    recorder.flush()
    assert not recorder.collect().notes, "the monitor measured its own EXPLAIN"
    engine.dispose()


class Clock:
    """Time that passes only where a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> Callable[..., None]:
        """A listener during which so much time passes."""

        def listener(*_: object) -> None:
            self.now += seconds

        return listener


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pool, "perf_counter", clock)
    return clock


def test_the_wait_for_a_connection_is_measured(
    engine: Engine, recorder: OfflineRecorder, clock: Clock
) -> None:
    engine.connect().close()
    event.listen(engine, "checkout", clock.passes(0.1))
    engine.connect().close()
    parcel = recorder.collect()
    sums = {name: value for (name, _), value in parcel.sums.items()}
    assert sums["db.pool_wait.count|"] == 2
    assert sums["db.pool_wait_long|"] == 1
    assert parcel.peaks["db.pool_wait.max|", "db.pool_wait.max|"] == pytest.approx(0.1)


def test_a_wait_in_vain_is_counted(engine: Engine, recorder: OfflineRecorder) -> None:
    with engine.connect(), pytest.raises(PoolTimeout):
        engine.connect()
    sums = recorder.sums()
    assert sums["db.pool_timeouts|"] == 1
    assert sums["db.pool_wait_long|"] == 1
    assert sums["db.pool_wait.sum|"] >= 0.2


def test_the_time_to_open_a_connection_is_no_wait(
    engine: Engine, recorder: OfflineRecorder, clock: Clock
) -> None:
    event.listen(engine, "do_connect", clock.passes(0.1))
    engine.connect().close()
    sums = recorder.sums()
    assert sums["db.pool_wait.count|"] == 1
    assert sums["db.pool_wait.sum|"] == pytest.approx(0)


def test_waits_are_still_measured_after_the_pool_was_disposed(
    engine: Engine, recorder: OfflineRecorder
) -> None:
    engine.dispose()
    engine.connect().close()
    assert recorder.sums()["db.pool_wait.count|"] == 1


def test_the_pool_is_read_before_each_delivery(engine: Engine, recorder: OfflineRecorder) -> None:
    recorder.flush()
    assert not recorder.collect(), "a pool that was never used has nothing to tell"
    with engine.connect():
        recorder.flush()
    sums = recorder.sums()
    assert (sums["db.pool.size.sum|"], sums["db.pool.checked_out.sum|"]) == (1, 1)
    assert sums["db.pool.overflow.sum|"] == 0


def test_a_recorder_that_is_off_attaches_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'off.db'}")
    queries.attach(engine, NullRecorder(), slow_query_seconds=0)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert not engine.dispatch.before_cursor_execute
    engine.dispose()
