from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.integration.optimizer.trials import TABLES, Trials
from tests.servers import MariaDBServer, ValkeyServer


@pytest.fixture
def cache(valkey_cache: ValkeyServer) -> redis.Redis:
    return valkey_cache.client(socket_timeout=2, retry=Retry(NoBackoff(), 0))


@pytest.fixture
def trials(mariadb: MariaDBServer) -> Iterator[Trials]:
    """A database with tables and without any load as yet."""
    schema = mariadb.create_database()
    trials = Trials(mariadb, schema)
    trials.run(*TABLES)
    trials.run("TRUNCATE performance_schema.events_statements_summary_by_digest")
    yield trials
    mariadb.renew()
    mariadb.drop_database(schema)
