from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from dbsbm.monitor.readings import explain, slow
from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.monitor.readings.slow import SlowCalls, SlowLog
from tests.unit.monitor.doubles import OfflineRecorder

SCAN = "SELECT name FROM people WHERE age > ?"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'slow.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE people (name TEXT, age INTEGER)"))
    yield engine
    engine.dispose()


def handed_over(recorder: OfflineRecorder) -> list[SlowCalls]:
    recorder.flush()
    return [SlowCalls.from_json(note) for note in recorder.collect().notes]


def test_calls_of_one_fingerprint_are_handed_over_as_one_with_their_plan(engine: Engine) -> None:
    recorder = OfflineRecorder()
    log = SlowLog(engine, recorder)
    for seconds in (1.5, 4.0, 2.0):
        log.add(fingerprint(SCAN, "sqlite"), seconds, SCAN, (30,))
    (calls,) = handed_over(recorder)
    assert (calls.calls, calls.total_seconds, calls.worst_seconds) == (3, 7.5, 4.0)
    assert calls.plan
    assert calls.plan[0]["detail"] == "SCAN people"
    assert recorder.wakes == 3


def test_no_value_of_a_statement_leaves_the_process(engine: Engine) -> None:
    recorder = OfflineRecorder()
    statement = "SELECT name FROM people WHERE name = 'hunter2' AND age > ?"
    SlowLog(engine, recorder).add(fingerprint(statement, "sqlite"), 2.0, statement, (4711,))
    (calls,) = handed_over(recorder)
    assert calls.plan
    assert "hunter2" not in calls.to_json()
    assert "4711" not in calls.to_json()


def test_a_plan_is_asked_for_once_in_ten_minutes(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(slow, "monotonic", lambda: now)
    recorder = OfflineRecorder()
    log = SlowLog(engine, recorder)

    def has_plan() -> bool:
        log.add(fingerprint(SCAN, "sqlite"), 1.5, SCAN, (30,))
        return handed_over(recorder)[0].plan is not None

    assert has_plan()
    now += slow.EXPLAIN_AGAIN_SECONDS - 1
    assert not has_plan()
    now += 2
    assert has_plan()


def test_a_statement_that_cannot_be_explained_is_handed_over_without_a_plan(engine: Engine) -> None:
    recorder = OfflineRecorder()
    statement = "SELECT gone FROM nowhere"
    SlowLog(engine, recorder).add(fingerprint(statement, "sqlite"), 2.0, statement, ())
    (calls,) = handed_over(recorder)
    assert calls.calls == 1
    assert calls.plan is None


def test_statements_without_a_plan_are_not_explained(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("explained")

    monkeypatch.setattr(slow, "explain", refuse)
    recorder = OfflineRecorder()
    log = SlowLog(engine, recorder)
    for statement in ("COMMIT", "INSERT INTO people VALUES (1, 2)", "PRAGMA user_version"):
        log.add(fingerprint(statement, "sqlite"), 2.0, statement, ())
    assert len(handed_over(recorder)) == 3


def test_a_slow_statement_is_a_line_of_the_performance_log(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "dbsbm.performance"):
        SlowLog(engine, OfflineRecorder()).add(fingerprint(SCAN, "sqlite"), 1.5, SCAN, (30,))
    (line,) = caplog.records
    assert line.getMessage() == "Slow statement: select people took 1.500 s."
    assert line.__dict__["fingerprint"] == fingerprint(SCAN, "sqlite").id


def test_merging_adds_and_keeps_the_newest_plan() -> None:
    first = SlowCalls("f", "SELECT ?", 2, 3.0, 2.0, 10.0, 20.0, [{"detail": "old"}])
    first.merge(SlowCalls("f", "SELECT ?", 1, 5.0, 5.0, 5.0, 15.0, [{"detail": "new"}]))
    first.merge(SlowCalls("f", "SELECT ?", 1, 1.0, 1.0, 12.0, 30.0))
    assert json.loads(first.to_json()) == {
        "fingerprint": "f",
        "text": "SELECT ?",
        "calls": 4,
        "total_seconds": 9.0,
        "worst_seconds": 5.0,
        "first_seen": 5.0,
        "last_seen": 30.0,
        "plan": [{"detail": "new"}],
    }


def test_the_numbers_of_a_plan_are_numbers_and_unknown_columns_are_left_out() -> None:
    row = {"id": 1, "table": "bets", "type": "ref", "rows": "51|1%", "filtered": Decimal("12.50")}
    assert explain._mysql_row({**row, "key": None, "attached_condition": "note = 'x'"}) == {
        **row,
        "rows": 51,
        "filtered": 12.5,
    }
