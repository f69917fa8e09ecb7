"""What a sample reads of real servers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from dbsbm.db.engine import Database
from dbsbm.db.models import DeadLetter
from dbsbm.monitor.readings.gauges import read_gauges
from tests.servers import MariaDBServer, ValkeyServer, start_valkey, wait_until
from tests.unit.monitor.readings.spy import SpyRecorder

QUEUES = ("images", "fetch")


def read(database: Database, broker: redis.Redis, cache: redis.Redis) -> dict[str, float]:
    recorder = SpyRecorder()
    read_gauges(recorder, database, broker, cache, QUEUES)
    return {series: stats.last for series, stats in recorder.told().items()}


def test_all_servers_tell_what_they_have(
    database: Database, broker: redis.Redis, cache: redis.Redis
) -> None:
    cache.set("key", "x" * 1000)
    found = read(database, broker, cache)
    for server in ("broker", "cache"):
        assert found[f"{server}.up|"] == 1
        assert found[f"{server}.used_bytes|"] > 100_000
        assert found[f"{server}.connections|"] >= 1
        assert found[f"{server}.slowlog_length|"] >= 0
        assert found[f"{server}.fragmentation|"] > 0
        assert found[f"{server}.replicas|"] == 0
    assert found["cache.keys|"] == 1
    assert found["broker.append_only_ok|"] == 1
    assert found["database.up|"] == 1
    assert found["database.size_bytes|"] > 10_000
    assert found["deadletters.open|"] == 0
    if database.dialect == "sqlite":
        assert found["database.wal_bytes|"] >= 0
        return
    assert found["database.connections|"] >= 1
    assert found["database.threads_running|"] >= 1
    assert found["database.max_connections|"] > 10


def test_the_largest_tables_tell_their_sizes_and_no_more_of_them(
    mariadb_url: str, broker: redis.Redis
) -> None:
    from dbsbm.monitor.readings.database_server import read_database

    database = Database(SecretStr(mariadb_url))
    with database.engine.begin() as connection:
        for number in range(25):
            connection.execute(text(f"CREATE TABLE t{number} (id INT PRIMARY KEY, x CHAR(200))"))
        rows = "SELECT seq, REPEAT('x', 200) FROM seq_1_to_5000"
        connection.execute(text(f"INSERT INTO t17 {rows}"))
        connection.execute(text("ANALYZE TABLE t17"))
    recorder = SpyRecorder()
    read_database(recorder, database, broker)
    database.dispose()
    found = {series: stats.last for series, stats in recorder.told().items()}
    sizes = {series: size for series, size in found.items() if "table_bytes" in series}
    assert len(sizes) == 20
    assert sizes["database.table_bytes|table=t17"] > 500_000
    assert found["database.size_bytes|"] > sizes["database.table_bytes|table=t17"]


def test_what_the_database_server_counts_is_added_once_however_many_read_it(
    mariadb_url: str, broker: redis.Redis, cache: redis.Redis
) -> None:
    from dbsbm.monitor.readings.database_server import read_database

    database = Database(SecretStr(mariadb_url))
    read_database(SpyRecorder(), database, broker)
    with database.engine.connect() as connection:
        before = _questions(connection)
        for _ in range(50):
            connection.execute(text("SELECT 1"))
        recorders = [SpyRecorder() for _ in range(4)]
        readers = [
            threading.Thread(target=read_database, args=(each, database, broker))
            for each in recorders
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        after = _questions(connection)
    counted = sum(each.totals().get("database.queries|", 0) for each in recorders)
    assert 50 <= counted <= after - before + 20, "readers counted the same questions twice"
    database.dispose()


def _questions(connection: Any) -> int:
    row = connection.execute(text("SHOW GLOBAL STATUS LIKE 'Questions'")).one()
    return int(row[1])


def test_a_deadlock_and_a_hit_ratio_are_seen(
    mariadb_url: str, broker: redis.Redis, cache: redis.Redis
) -> None:
    from dbsbm.monitor.readings.database_server import read_database

    database = Database(SecretStr(mariadb_url))
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE pairs (id INT PRIMARY KEY, n INT)"))
        connection.execute(text("INSERT INTO pairs VALUES (1, 0), (2, 0)"))
    read_database(SpyRecorder(), database, broker)
    _deadlock(database)
    recorder = SpyRecorder()
    read_database(recorder, database, broker)
    totals = recorder.totals()
    assert totals["database.deadlocks|"] == 1
    assert totals["database.lock_waits|"] >= 1
    assert 0 < totals["database.buffer_pool_hit_ratio|"] <= 1
    database.dispose()


def _deadlock(database: Database) -> None:
    both_hold = threading.Barrier(2)

    def change(first: int, second: int) -> None:
        with database.engine.connect() as connection:
            connection.execute(text("UPDATE pairs SET n = n + 1 WHERE id = :id"), {"id": first})
            both_hold.wait(10)
            try:
                connection.execute(
                    text("UPDATE pairs SET n = n + 1 WHERE id = :id"), {"id": second}
                )
            finally:
                connection.rollback()

    def loser(first: int, second: int) -> None:
        try:
            change(first, second)
        except OperationalError as error:
            errors.append(str(error))

    errors: list[str] = []
    threads = [threading.Thread(target=loser, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 1


def test_what_the_database_does_not_show_is_left_out(
    mariadb: MariaDBServer, broker: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    from dbsbm.monitor.readings import unreadable
    from dbsbm.monitor.readings.database_server import read_database

    unreadable._said.clear()
    with mariadb.fresh_database() as url:
        plain = _unprivileged(url)
        database = Database(SecretStr(plain))
        caplog.set_level("INFO")
        for _ in range(3):
            recorder = SpyRecorder()
            read_database(recorder, database, broker)
        told = recorder.told()
        assert told["database.up|"].last == 1
        assert told["database.connections|"].last >= 1
        assert "database.replication_lag|" not in told
        said = [line for line in caplog.messages if line.startswith("Not measured")]
        assert len([line for line in said if "replication" in line]) == 1
        database.dispose()


def _unprivileged(url: str) -> str:
    """A user of the database who may do nothing but use it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        name = engine.url.database
        connection.exec_driver_sql("CREATE OR REPLACE USER plain@'%%' IDENTIFIED BY 'plain'")
        connection.exec_driver_sql(f"GRANT SELECT ON `{name}`.* TO plain@'%%'")
    engine.dispose()
    plain = engine.url.set(username="plain", password="plain")
    return plain.render_as_string(hide_password=False)


@pytest.fixture
def replica(tmp_path: Any, valkey_broker: ValkeyServer) -> Iterator[ValkeyServer]:
    with start_valkey(tmp_path / "replica") as server:
        server.client().replicaof("127.0.0.1", valkey_broker.port)
        yield server


def test_replication_of_a_server_is_seen_from_both_ends(
    migrated_sqlite_url: str, broker: redis.Redis, replica: ValkeyServer
) -> None:
    database = Database(SecretStr(migrated_sqlite_url))
    wait_until(lambda: replica.client().info().get("master_link_status") == "up")
    found = read(database, broker, replica.client())
    assert found["broker.replicas|"] == 1
    assert found["broker.replication_lag_bytes|"] >= 0
    assert found["cache.replica_linked|"] == 1
    database.dispose()


def test_servers_that_are_away_are_readings(
    migrated_sqlite_url: str, broker: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    database = Database(SecretStr(migrated_sqlite_url))
    cache = valkey_cache.client()
    valkey_cache.stop()
    found = read(database, broker, cache)
    assert found["cache.up|"] == 0
    assert "cache.used_bytes|" not in found
    assert found["broker.up|"] == 1
    database.dispose()


def test_a_user_who_may_not_ask_leaves_out_what_is_refused(
    migrated_sqlite_url: str, broker: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    admin = valkey_cache.client()
    admin.execute_command(
        "ACL", "SETUSER", "little", "on", ">pw", "~*", "+@all", "-slowlog", "-info"
    )
    little = redis.Redis(port=valkey_cache.port, username="little", password="pw")
    database = Database(SecretStr(migrated_sqlite_url))
    try:
        found = read(database, broker, little)
        assert found["cache.up|"] == 1
        assert found["cache.keys|"] == 0
        assert "cache.slowlog_length|" not in found
        assert "cache.used_bytes|" not in found
    finally:
        admin.execute_command("ACL", "DELUSER", "little")
        database.dispose()


def message(**headers: Any) -> str:
    return json.dumps({"body": "e30=", "headers": headers, "properties": {}})


def test_queues_tell_their_length_and_how_long_the_oldest_waits(
    migrated_sqlite_url: str, broker: redis.Redis, cache: redis.Redis
) -> None:
    seconds, _ = broker.time()
    broker.lpush("images", message(sent_at=seconds - 90), message(sent_at=seconds - 5))
    broker.hset("unacked", "tag", "message")
    database = Database(SecretStr(migrated_sqlite_url))
    found = read(database, broker, cache)
    assert found["queue.length|queue=images"] == 2
    assert 89 <= found["queue.oldest_wait|queue=images"] < 120
    assert (found["queue.length|queue=fetch"], found["queue.oldest_wait|queue=fetch"]) == (0, 0)
    assert found["queue.unacknowledged|"] == 1
    database.dispose()


@pytest.mark.parametrize("oldest", ["no json", "[1]", message(), message(sent_at="soon"), "\xff"])
def test_a_message_that_does_not_say_when_it_was_sent_has_no_age(
    migrated_sqlite_url: str, broker: redis.Redis, cache: redis.Redis, oldest: str
) -> None:
    broker.lpush("images", oldest)
    database = Database(SecretStr(migrated_sqlite_url))
    found = read(database, broker, cache)
    assert found["queue.length|queue=images"] == 1
    assert "queue.oldest_wait|queue=images" not in found
    database.dispose()


def test_dead_letters_count_until_they_are_replayed(
    migrated_sqlite_url: str, broker: redis.Redis, cache: redis.Redis
) -> None:
    database = Database(SecretStr(migrated_sqlite_url))

    def bury(session: Any) -> None:
        now = datetime.now(UTC)
        for number, replayed in ((1, None), (2, now)):
            session.add(
                DeadLetter(
                    source="task",
                    source_key=str(number),
                    task="t",
                    payload={},
                    trace_id="t",
                    reason="r",
                    created_at=now,
                    replayed_at=replayed,
                )
            )

    database.transact(bury)
    assert read(database, broker, cache)["deadletters.open|"] == 1
    database.dispose()
