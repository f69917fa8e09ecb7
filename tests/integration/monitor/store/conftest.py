from __future__ import annotations

import pytest

from dbsbm.db.engine import Database
from tests.integration.monitor.store.filling import Filler


@pytest.fixture
def filler(database: Database) -> Filler:
    return Filler(database)
