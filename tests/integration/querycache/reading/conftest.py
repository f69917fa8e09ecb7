"""The application on SQLite and MariaDB, with a real cache."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from dbsbm.cache import Cache
from tests.integration.querycache.reading.house import House, patient_cache
from tests.servers import ValkeyServer


@pytest.fixture
def cache(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    cache = patient_cache(valkey_cache.url)
    yield cache
    cache.close()


@pytest.fixture
def other_cache(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    """The cache of another process, which shares nothing with this one's but the server."""
    cache = patient_cache(valkey_cache.url)
    yield cache
    cache.close()


@pytest.fixture(params=["sqlite", "READ COMMITTED"])
def home_engine(request: pytest.FixtureRequest) -> Engine:
    """A filled database: SQLite, and MariaDB as the product uses it."""
    if request.param == "sqlite":
        found: Engine = request.getfixturevalue("sqlite_engine")
        return found
    engines: dict[str, Engine] = request.getfixturevalue("mariadb_engines")
    return engines[request.param]


@pytest.fixture
def house(home_engine: Engine, cache: Cache) -> Iterator[House]:
    house = House(home_engine, cache)
    yield house
    house.close()


@pytest.fixture
def leveled(engine: Engine, cache: Cache) -> Iterator[House]:
    """The application on SQLite, and on MariaDB on each isolation level."""
    house = House(engine, cache)
    yield house
    house.close()
