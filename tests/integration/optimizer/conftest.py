from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry

from dbsbm.db import migrate
from dbsbm.db.engine import Database
from tests.servers import ValkeyServer


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database, once on SQLite and once on MariaDB."""
    migrate.upgrade(SecretStr(database_url))
    database = Database(SecretStr(database_url))
    yield database
    database.dispose()


@pytest.fixture
def cache(valkey_cache: ValkeyServer) -> redis.Redis:
    return valkey_cache.client(socket_timeout=2, retry=Retry(NoBackoff(), 0))
