"""Databases for the query cache's tests: SQLite, and MariaDB on each isolation level."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine

from dbsbm.db.engine import Database
from tests.integration.querycache.schema import Base, fill
from tests.servers import DatabaseServer

LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
EVERYWHERE = ("sqlite", *LEVELS)


@pytest.fixture(scope="session")
def _sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The product's own SQLite engine: WAL, and BEGIN by the engine itself."""
    database = Database(SecretStr(f"sqlite:///{tmp_path_factory.mktemp('querycache') / 'test.db'}"))
    Base.metadata.create_all(database.engine)
    yield database.engine
    database.dispose()


@pytest.fixture(scope="session")
def _mariadb_address(_database_server: DatabaseServer) -> Iterator[str]:
    _database_server.renew()
    with _database_server.fresh_database() as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        engine.dispose()
        yield url


@pytest.fixture
def sqlite_engine(_sqlite_engine: Engine) -> Engine:
    """A filled SQLite database."""
    with _sqlite_engine.begin() as connection:
        fill(connection)
    return _sqlite_engine


@pytest.fixture
def mariadb_engines(_mariadb_address: str) -> Iterator[dict[str, Engine]]:
    """A filled MariaDB database: an engine of its own for each isolation level."""
    engines = {
        level: create_engine(
            _mariadb_address,
            isolation_level=level,
            connect_args={"init_command": "SET innodb_lock_wait_timeout = 5"},
        )
        for level in LEVELS
    }
    with engines["READ COMMITTED"].begin() as connection:
        fill(connection)
    yield engines
    for engine in engines.values():
        engine.dispose()


@pytest.fixture(params=EVERYWHERE)
def engine(request: pytest.FixtureRequest) -> Engine:
    """A filled database: SQLite, and MariaDB on each isolation level."""
    if request.param == "sqlite":
        found: Engine = request.getfixturevalue("sqlite_engine")
        return found
    engines: dict[str, Engine] = request.getfixturevalue("mariadb_engines")
    return engines[request.param]


@pytest.fixture(params=LEVELS)
def mariadb_engine(request: pytest.FixtureRequest, mariadb_engines: dict[str, Engine]) -> Engine:
    """A filled MariaDB database on each isolation level."""
    return mariadb_engines[request.param]
