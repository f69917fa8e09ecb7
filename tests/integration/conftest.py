"""A migrated database for every test, without a migration for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

from dbsbm.db.engine import Database
from dbsbm.db.migrate import upgrade
from dbsbm.db.models import Base
from tests.servers import DatabaseServer


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(SecretStr(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def _mariadb_template(_database_server: DatabaseServer) -> Iterator[str]:
    """A migrated MariaDB database that tests use in turn."""
    _database_server.renew()
    with _database_server.fresh_database() as url:
        upgrade(SecretStr(url))
        yield url


@pytest.fixture
def migrated_sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite database."""
    return f"sqlite:///{shutil.copy(_sqlite_template, tmp_path / 'fleet.db')}"


@pytest.fixture
def migrated_mariadb_url(_mariadb_template: str, _database_server: DatabaseServer) -> str:
    """The URL of a migrated, empty MariaDB database."""
    _database_server.renew()
    _empty(_mariadb_template)
    return _mariadb_template


@pytest.fixture(params=["sqlite", "mariadb"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database, once on SQLite and once on MariaDB."""
    url: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return url


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """A migrated, empty database, once on SQLite and once on MariaDB."""
    database = Database(SecretStr(migrated_url))
    yield database
    database.dispose()


def _empty(url: str) -> None:
    """Delete every row. Faster than dropping the schema and migrating again."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET foreign_key_checks = 0")
        for table in Base.metadata.tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("SET foreign_key_checks = 1")
    engine.dispose()
