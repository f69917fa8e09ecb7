from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text

from dbsbm.monitor.readings import queries
from dbsbm.optimizer.repetition import watch
from dbsbm.optimizer.repetition.watch import StatementCalls
from tests.unit.monitor.readings.spy import SpyRecorder


def test_a_loop_over_rows_is_seen_through_the_engine_and_its_failures_are_not(
    tmp_path: Path,
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'calls.db'}")
    calls = StatementCalls(engine.dialect.name)
    queries.attach(engine, SpyRecorder(), 1000, on_statement=calls)
    with engine.begin() as connection, watch.scope() as scope:
        connection.execute(text("CREATE TABLE legs (id INTEGER PRIMARY KEY, bet_id INTEGER)"))
        many = [{"id": number, "bet_id": number} for number in range(20)]
        connection.execute(text("INSERT INTO legs (id, bet_id) VALUES (:id, :bet_id)"), many)
        for number in range(20):
            found = connection.execute(text("SELECT id FROM legs WHERE bet_id = :b"), {"b": number})
            assert found.all() == [(number,)]
    engine.dispose()
    (loop,) = scope.repetitions()
    assert (loop.calls, loop.shape.writes) == (20, False)
