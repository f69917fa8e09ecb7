"""Fixtures for the whole suite: real Valkey and MariaDB servers, one set a test process.

Servers start when the first test asks for them. Before each test they are put back in order
(thawed, restarted when a test killed them, emptied), so a test may do to them what it likes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import (
    BROKER_OPTIONS,
    CACHE_OPTIONS,
    DatabaseServer,
    MariaDBServer,
    NoServerError,
    ValkeyServer,
    lent_server,
    start_mariadb,
    start_valkey,
)

pytest_plugins = ("tests.engine.fixtures", "tests.engine.product", "tests.integration.typed")

# Properties are checked however busy the machine is: an example has no deadline.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _own_log_handlers() -> Iterator[None]:
    """Commands that run within a test set up logging, on streams that end with it."""
    before = list(logging.root.handlers)
    yield
    for handler in [each for each in logging.root.handlers if each not in before]:
        logging.root.removeHandler(handler)


@pytest.fixture(scope="session")
def _shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    with start_valkey(tmp_path_factory.mktemp("valkey-cache"), *CACHE_OPTIONS) as server:
        yield server


@pytest.fixture(scope="session")
def _shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    with start_valkey(tmp_path_factory.mktemp("valkey-broker"), *BROKER_OPTIONS) as server:
        yield server


@pytest.fixture
def valkey_cache(_shared_cache: ValkeyServer) -> ValkeyServer:
    """An empty cache server: `allkeys-lfu`, nothing kept over a restart."""
    _shared_cache.renew()
    return _shared_cache


@pytest.fixture
def valkey_broker(_shared_broker: ValkeyServer) -> ValkeyServer:
    """An empty broker server: append-only, `noeviction`."""
    _shared_broker.renew()
    return _shared_broker


@pytest.fixture
def fresh_valkey_cache(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A cache server of the test's own, for tests whose clients may outlive them."""
    with start_valkey(tmp_path / "valkey-cache", *CACHE_OPTIONS) as server:
        yield server


@pytest.fixture
def fresh_valkey_broker(tmp_path: Path) -> Iterator[ValkeyServer]:
    """A broker server of the test's own, for tests that kill workers or the broker."""
    with start_valkey(tmp_path / "valkey-broker", *BROKER_OPTIONS) as server:
        yield server


@pytest.fixture(scope="session")
def _private_mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDBServer]:
    try:
        server = start_mariadb(tmp_path_factory.mktemp("mariadb"))
    except NoServerError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    yield server
    server.close()


@pytest.fixture
def mariadb(_private_mariadb: MariaDBServer) -> MariaDBServer:
    """A private database server that a test may freeze, kill and restart."""
    _private_mariadb.renew()
    return _private_mariadb


@pytest.fixture(scope="session")
def _database_server(request: pytest.FixtureRequest) -> DatabaseServer:
    if url := os.environ.get("TEST_DATABASE_URL"):
        return lent_server(url)
    server: MariaDBServer = request.getfixturevalue("_private_mariadb")
    return server


@pytest.fixture
def mariadb_url(_database_server: DatabaseServer) -> Iterator[str]:
    """The URL of an empty MariaDB database, on TEST_DATABASE_URL's server or a private one."""
    _database_server.renew()
    with _database_server.fresh_database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite database file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, once on SQLite and once on MariaDB."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
