from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.dashboard.served import Served, serve_dashboard


@pytest.fixture
def served(migrated_sqlite_url: str) -> Iterator[Served]:
    """A dashboard of an empty database."""
    with serve_dashboard(migrated_sqlite_url) as dashboard:
        yield dashboard


@pytest.fixture
def served_anywhere(migrated_url: str) -> Iterator[Served]:
    """The same, once on SQLite and once on MariaDB."""
    with serve_dashboard(migrated_url) as dashboard:
        yield dashboard
