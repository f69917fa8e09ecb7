"""Fixtures of tests that need a migrated database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from dbsbm.db.engine import Database
from dbsbm.db.migrate import upgrade


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database, once on SQLite and once on MariaDB."""
    upgrade(SecretStr(database_url))
    database = Database(SecretStr(database_url))
    yield database
    database.dispose()
