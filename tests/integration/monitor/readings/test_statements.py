"""The text of every fingerprint, kept once, from any number of processes."""

from __future__ import annotations

import pytest
import redis
from sqlalchemy import select, text

from dbsbm.db.engine import Database
from dbsbm.db.models import Statement
from dbsbm.monitor.readings import queries, statements
from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.monitor.readings.statements import WAITING, StatementTexts, store_statements
from tests.servers import ValkeyServer
from tests.unit.monitor.readings.spy import SpyRecorder

KIND = fingerprint("SELECT id FROM bets WHERE note = 'hunter2'", "mysql")


def stored(database: Database) -> dict[str, Statement]:
    with database.read() as session:
        return {row.fingerprint: row for row in session.scalars(select(Statement))}


def test_a_text_is_kept_once_whoever_tells_it(database: Database, broker: redis.Redis) -> None:
    for _ in range(3):
        process = StatementTexts(broker)
        process.saw(KIND)
        process.saw(KIND)
        process.tell()
        store_statements(database, broker)
    [row] = stored(database).values()
    assert (row.fingerprint, row.verb, row.table) == (KIND.id, "select", "bets")
    assert row.text == "SELECT id FROM bets WHERE note = ?"
    assert row.last_seen > row.first_seen
    assert not broker.exists(WAITING)


def test_what_another_release_told_is_read_as_far_as_it_is_known(
    database: Database, broker: redis.Redis
) -> None:
    broker.hset(WAITING, "a" * 16, '{"text": "SELECT ?", "verb": "select", "table": "", "more": 1}')
    broker.hset(WAITING, "b" * 16, '{"texts": ["SELECT ?"]}')
    assert store_statements(database, broker) == 1
    assert not broker.exists(WAITING), "what nobody can read does not wait for ever"
    with database.read() as session:
        assert session.scalars(select(Statement.text)).all() == ["SELECT ?"]


def test_a_process_tells_a_text_once_an_hour(broker: redis.Redis) -> None:
    now = [0.0]
    process = StatementTexts(broker, lambda: now[0])
    told = []
    for now[0] in (0.0, 10.0, 3599.0, 3600.0, 3700.0):
        process.saw(KIND)
        process.tell()
        told.append(bool(broker.delete(WAITING)))
    assert told == [True, False, False, True, False]


def test_texts_without_end_do_not_fill_the_broker(broker: redis.Redis) -> None:
    process = StatementTexts(broker)
    for number in range(statements.MOST_WAITING + 500):
        process.saw(fingerprint(f"SELECT column_{number} FROM bets", "mysql"))
        if number % 500 == 0:
            process.tell()
    process.tell()
    assert broker.hlen(WAITING) == statements.MOST_WAITING


def test_an_engine_tells_the_texts_of_what_it_ran_without_values(
    database: Database, broker: redis.Redis
) -> None:
    recorder = SpyRecorder()
    queries.attach(database.engine, recorder, 1000, broker)
    with database.read() as session:
        session.execute(text("SELECT id FROM bets WHERE note = 'hunter2'"))
    recorder.flush()
    assert store_statements(database, broker) >= 1
    texts = {row.text for row in stored(database).values()}
    assert "SELECT id FROM bets WHERE note = ?" in texts
    assert not [each for each in texts if "hunter2" in each]


def test_texts_wait_while_the_broker_is_away(
    broker: redis.Redis, valkey_broker: ValkeyServer
) -> None:
    process = StatementTexts(broker)
    process.saw(KIND)
    valkey_broker.stop()
    for _ in range(2):
        with pytest.raises(redis.ConnectionError):
            process.tell()
    valkey_broker.start()
    process.tell()
    assert broker.hlen(WAITING) == 1
