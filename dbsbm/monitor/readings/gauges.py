"""What no process can count by itself, read once a sample by whoever takes it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import redis

from dbsbm.db.engine import Database
from dbsbm.errors import TransientError
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.backlog import measure_backlog
from dbsbm.monitor.readings.database_server import read_database
from dbsbm.monitor.readings.processes import read_processes
from dbsbm.monitor.readings.queues import measure_queues
from dbsbm.monitor.readings.servers import read_server

log = logging.getLogger(__name__)


def read_gauges(
    recorder: Recorder,
    database: Database,
    broker: redis.Redis,
    cache: redis.Redis,
    queues: Sequence[str],
) -> None:
    """Record the state of the queues, the processes, the broker, the cache and the database.

    Several readers double nothing: a gauge read twice shows the same twice, and what servers count
    is added by the one who finds it grown.

    Args:
        recorder: Where the readings go, and with them to the same sample; deliver it afterwards.
        database: A database that is away is a reading, too.
        broker: As the processes know it.
        cache: It may be away.
        queues: The queues to measure.

    Raises:
        redis.RedisError: The broker is away.
    """
    measure_queues(recorder, broker, queues)
    read_processes(recorder, broker)
    read_server(recorder, broker, "broker")
    read_server(recorder, cache, "cache")
    read_database(recorder, database, broker)
    try:
        measure_backlog(recorder, database)
    except TransientError:
        log.info("The backlog is not measured.", extra={"action": "monitor.backlog"})
