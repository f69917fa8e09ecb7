"""No literal of a statement leaves the process: to no broker, no table and no log."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dbsbm.db.engine import Database
from dbsbm.db.models import Base
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings import queries
from dbsbm.monitor.store.sampler import sample

SECRET = "hunter2"
STATEMENTS = (
    f"SELECT id FROM bets WHERE note = '{SECRET}'",
    f"SELECT id FROM bets WHERE note = 'it''s {SECRET}' OR note = '{SECRET}",
    f"SET PASSWORD FOR 'root'@'localhost' = PASSWORD('{SECRET}')",
    f"CREATE USER u IDENTIFIED BY '{SECRET}' -- {SECRET}",
    f"SELECT /* {SECRET} */ id FROM bets WHERE note IN ('{SECRET}', '{SECRET}')",
    "SELECT id FROM bets WHERE note IN (" + ", ".join([f"'{SECRET}'"] * 100_000) + ")",
)


def on_broker(broker: redis.Redis) -> bytes:
    """All that is kept there, as bytes to look into."""
    readers = {
        b"hash": broker.hgetall,
        b"list": lambda key: broker.lrange(key, 0, -1),
        b"zset": lambda key: broker.zrange(key, 0, -1),
        b"string": broker.get,
    }
    return repr([readers[broker.type(key)](key) for key in broker.keys("*")]).encode()


def test_a_password_in_a_statement_reaches_neither_the_broker_nor_a_table_nor_a_log(
    database: Database,
    broker: redis.Redis,
    cache: redis.Redis,
    new_recorder: Callable[..., Recorder],
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = new_recorder()
    queries.attach(database.engine, recorder, 1e-9, broker)
    caplog.set_level("DEBUG", logger="dbsbm")
    for statement in STATEMENTS:
        try:
            with database.engine.connect() as connection:
                connection.exec_driver_sql(statement)
        except SQLAlchemyError:
            continue  # what fails is measured, too
    recorder.flush()
    kept = on_broker(broker)
    assert b"db.query" in kept
    assert SECRET.encode() not in kept
    sample(database, broker, cache, recorder, queues=())
    with database.read() as session:
        for table in Base.metadata.tables:
            rows = session.execute(text(f"SELECT * FROM {table}")).all()
            assert SECRET not in repr(rows), table
        texts = text("SELECT MAX(LENGTH(text)), COUNT(*) FROM slow_statements")
        longest, statements = session.execute(texts).one()
    assert longest <= 4000
    assert statements >= 3
    assert SECRET not in caplog.text
