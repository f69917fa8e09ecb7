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
from tests.unit.monitor.readings.spy import SpyRecorder


@pytest.fixture
def recorder() -> SpyRecorder:
    return SpyRecorder()


@pytest.fixture
def engine(tmp_path: Path, recorder: SpyRecorder) -> Iterator[Engine]:
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
    engine: Engine, recorder: SpyRecorder
) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bets (id INTEGER)"))
        for number in range(3):
            connection.execute(text("SELECT id FROM bets WHERE id = :id"), {"id": number})
    labels = series("SELECT id FROM bets WHERE id = ?", "select", "bets")
    found = recorder.told()[f"db.query|{labels}"]
    assert found.count == 3
    assert 0 < found.total < 60


def test_engines_with_other_options_are_measured_too(engine: Engine, recorder: SpyRecorder) -> None:
    with engine.execution_options(any="option").connect() as connection:
        connection.execute(text("SELECT 1"))
    assert recorder.told()[f"db.query|{series('SELECT 1', 'select', '')}"].count == 1


def test_a_statement_that_fails_is_counted_as_an_error_and_by_its_time(
    engine: Engine, recorder: SpyRecorder
) -> None:
    with engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT nothing FROM nowhere"))
    told = recorder.told()
    statement = "SELECT nothing FROM nowhere"
    kind = fingerprint(statement, "sqlite").id
    assert told[f"db.errors|error=OperationalError,fingerprint={kind}"].total == 1
    assert told[f"db.query|{series(statement, 'select', 'nowhere')}"].count == 1


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (OperationalError("s", {}, None), "OperationalError"),
        (RuntimeError(1213, "Deadlock found: the row 'hunter2'"), "RuntimeError 1213"),
        (ValueError("hunter2"), "ValueError"),
    ],
)
def test_an_error_is_named_by_class_and_number_and_never_by_its_text(
    error: Exception, name: str
) -> None:
    assert queries.error_name(error) == name


def test_rows_are_counted_where_the_driver_knows_them(
    engine: Engine, recorder: SpyRecorder
) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bets (id INTEGER)"))
        connection.execute(text("INSERT INTO bets VALUES (1), (2), (3)"))
        connection.execute(text("UPDATE bets SET id = id + 1 WHERE id > 1"))
        connection.execute(text("SELECT id FROM bets"))
    told = recorder.told()
    changed = fingerprint("UPDATE bets SET id = id + 1 WHERE id > 1", "sqlite").id
    assert told[f"db.rows|fingerprint={changed}"].total == 2
    read = fingerprint("SELECT id FROM bets", "sqlite").id
    assert f"db.rows|fingerprint={read}" not in told


def test_statements_without_end_take_bounded_memory(engine: Engine, recorder: SpyRecorder) -> None:
    timer = queries.QueryTimer(engine, recorder, 1000, None)
    for number in range(3000):
        timer._record(f"SELECT {number}", (), 0.0, 0.1, 1)
    timer._record(f"SELECT '{'x' * 1_000_000}'", (), 0.0, 0.1, 1)
    assert len(timer._known) <= 1024
    assert max(map(len, timer._known)) < 100


def test_a_slow_statement_is_handed_over_with_its_plan(tmp_path: Path) -> None:
    recorder = SpyRecorder()
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
    engine: Engine, recorder: SpyRecorder, clock: Clock
) -> None:
    engine.connect().close()
    event.listen(engine, "checkout", clock.passes(0.1))
    engine.connect().close()
    told = recorder.told()
    assert told["db.pool_wait|"].count == 2
    assert told["db.pool_wait_long|"].total == 1
    assert told["db.pool_wait|"].high == pytest.approx(0.1)


def test_a_wait_in_vain_is_counted(engine: Engine, recorder: SpyRecorder) -> None:
    with engine.connect(), pytest.raises(PoolTimeout):
        engine.connect()
    totals = recorder.totals()
    assert totals["db.pool_timeouts|"] == 1
    assert totals["db.pool_wait_long|"] == 1
    assert totals["db.pool_wait|"] >= 0.2


def test_the_time_to_open_a_connection_is_no_wait(
    engine: Engine, recorder: SpyRecorder, clock: Clock
) -> None:
    event.listen(engine, "do_connect", clock.passes(0.1))
    engine.connect().close()
    told = recorder.told()
    assert told["db.pool_wait|"].count == 1
    assert told["db.pool_wait|"].total == pytest.approx(0)


def test_waits_are_still_measured_after_the_pool_was_disposed(
    engine: Engine, recorder: SpyRecorder
) -> None:
    engine.dispose()
    engine.connect().close()
    assert recorder.told()["db.pool_wait|"].count == 1


def test_the_pool_is_read_before_each_delivery(engine: Engine, recorder: SpyRecorder) -> None:
    recorder.flush()
    assert not recorder.collect(), "a pool that was never used has nothing to tell"
    with engine.connect():
        recorder.flush()
    told = recorder.told()
    assert (told["db.pool.size|"].last, told["db.pool.checked_out|"].last) == (1, 1)
    assert told["db.pool.overflow|"].last == 0


def test_a_recorder_that_is_off_attaches_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'off.db'}")
    queries.attach(engine, NullRecorder(), slow_query_seconds=0)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert not engine.dispatch.before_cursor_execute
    assert not engine.dispatch.after_cursor_execute
    assert not engine.dialect.dispatch.do_connect
    assert not engine.dialect.dispatch.handle_error
    engine.dispose()
