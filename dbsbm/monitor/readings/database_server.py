"""The database's server: connections, buffer pool, locks, slow queries, replication and size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import redis
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from dbsbm.db.engine import Database
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.explain import UNOBSERVED
from dbsbm.monitor.readings.unreadable import say_unreadable

_BEFORE = "dbsbm:metrics:database_before"
_REMEMBER_SECONDS = 24 * 3600

# Gauge -> status variable.
_GAUGES = {
    "connections": "Threads_connected",
    "threads_running": "Threads_running",
    "open_tables": "Open_tables",
    "history_list_length": "Innodb_history_list_length",
}
# Counter -> status variable, which counts from the server's start.
_COUNTERS = {
    "queries": "Questions",
    "slow_queries": "Slow_queries",
    "deadlocks": "Innodb_deadlocks",
    "lock_waits": "Innodb_row_lock_waits",
    "aborted_connects": "Aborted_connects",
    "disk_tables": "Created_tmp_disk_tables",
    "full_scans": "Select_scan",
}
_POOL_READS = ("Innodb_buffer_pool_read_requests", "Innodb_buffer_pool_reads")

# MySQL has no status variable for them, and shows the metric only to whoever has PROCESS.
_MYSQL_DEADLOCKS = (
    "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks'"
)
_SIZES = (
    "SELECT TABLE_NAME, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES "
    "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'"
)
# The tables that fill a disk. Each has a series of its own for as long as it is one of them.
_LARGEST_TABLES = 20

Gauges = Iterator[tuple[str, float]]


def read_database(recorder: Recorder, database: Database, broker: redis.Redis) -> None:
    """Record the gauges of the database and what its server counted since the last reading.

    What the server does not show to the fleet's user is left out, and said once.

    Args:
        recorder: Where the readings go.
        database: A connection of its pool asks.
        broker: Keeps the server's counters from one reading to the next, whoever takes it, so that
            two readers count nothing twice.
    """
    try:
        with database.engine.connect().execution_options(**{UNOBSERVED: True}) as connection:
            if database.dialect == "sqlite":
                _record(recorder, _of_sqlite(connection))
            else:
                _record(recorder, _of_mysql(connection, recorder, broker))
    except SQLAlchemyError as error:
        say_unreadable("the database's status", error)
        recorder.gauge("database.up", 0)
    else:
        recorder.gauge("database.up", 1)


def _record(recorder: Recorder, gauges: Gauges) -> None:
    for name, value in gauges:
        recorder.gauge(f"database.{name}", value)


def _of_sqlite(connection: Connection) -> Gauges:
    """Sizes of the file and of its write-ahead log."""
    name = connection.engine.url.database
    for gauge, path in (("size_bytes", f"{name}"), ("wal_bytes", f"{name}-wal")):
        try:
            yield gauge, Path(path).stat().st_size
        except FileNotFoundError:  # no log is there after a checkpoint
            yield gauge, 0


def _of_mysql(connection: Connection, recorder: Recorder, broker: redis.Redis) -> Gauges:
    rows = connection.execute(text("SHOW GLOBAL STATUS")).all()
    status: dict[str, str] = {row[0]: row[1] for row in rows}
    _add_deadlocks(connection, status)
    yield from _present(status, _GAUGES)
    yield from _settings(connection)
    counted = _since_last(status, broker)
    for name, variable in _COUNTERS.items():
        if variable in counted:
            recorder.add(f"database.{name}", counted[variable])
    requests, misses = (counted.get(variable, 0.0) for variable in _POOL_READS)
    if requests > 0:
        yield "buffer_pool_hit_ratio", max(0.0, 1 - misses / requests)
    yield from _sizes(connection, recorder)
    yield from _replication(connection)


def _present(status: Mapping[str, str], wanted: Mapping[str, str]) -> Gauges:
    for name, variable in wanted.items():
        if variable in status:
            yield name, float(status[variable])


def _settings(connection: Connection) -> Gauges:
    names = "@@GLOBAL.max_connections, @@GLOBAL.innodb_buffer_pool_size"
    most, pool = connection.execute(text(f"SELECT {names}")).one()
    yield "max_connections", float(most)
    yield "buffer_pool_bytes", float(pool)


def _add_deadlocks(connection: Connection, status: dict[str, str]) -> None:
    variable = _COUNTERS["deadlocks"]
    if variable in status:
        return
    try:
        status[variable] = str(connection.execute(text(_MYSQL_DEADLOCKS)).scalar_one())
    except SQLAlchemyError as error:
        say_unreadable("deadlocks of the database (they take the privilege PROCESS)", error)


def _since_last(status: Mapping[str, str], broker: redis.Redis) -> dict[str, float]:
    """What each counter grew by since the last reading; nothing at the first of a server's life."""
    wanted = (*_COUNTERS.values(), *_POOL_READS)
    now = {name: float(status[name]) for name in wanted if name in status}
    now["Uptime"] = float(status["Uptime"])
    found = broker.set(_BEFORE, json.dumps(now), ex=_REMEMBER_SECONDS, get=True)
    before = json.loads(cast(bytes, found)) if found is not None else {}
    if not before or before["Uptime"] > now["Uptime"]:
        return {}
    return {name: max(0.0, now[name] - before[name]) for name in now if name in before}


def _sizes(connection: Connection, recorder: Recorder) -> Gauges:
    """Record the largest tables, and give the size of all."""
    rows = connection.execute(text(_SIZES)).all()
    sizes = {str(name): float(size) for name, size in rows if size is not None}
    for table in sorted(sizes, key=lambda name: sizes[name], reverse=True)[:_LARGEST_TABLES]:
        recorder.gauge("database.table_bytes", sizes[table], table=table)
    if sizes:
        yield "size_bytes", sum(sizes.values())


def _replication(connection: Connection) -> Gauges:
    """Seconds behind the primary, of a replica that the fleet's user may ask about it."""
    is_mariadb = connection.dialect.is_mariadb  # type: ignore[attr-defined]
    question = "SHOW SLAVE STATUS" if is_mariadb else "SHOW REPLICA STATUS"
    try:
        row = connection.execute(text(question)).mappings().first()
    except SQLAlchemyError as error:
        say_unreadable("the database's replication (it takes REPLICATION CLIENT)", error)
        return
    if row is None:  # no replica
        return
    lag = row.get("Seconds_Behind_Source", row.get("Seconds_Behind_Master"))
    yield "replica_running", int(lag is not None)
    if lag is not None:
        yield "replication_lag", float(lag)
