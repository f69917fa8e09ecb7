"""A writer that dies between its commit and the release leaves nothing stale behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from dbsbm.cache import Cache, Category, Key, connect
from dbsbm.querycache.tags import scope_tag, table_tag
from tests.integration.querycache.schema import Bet
from tests.servers import ValkeyServer, wait_until

KEY = Key.of(Category.DB_QUERY, "state of bet 111")
TAGS = (table_tag("bets"), scope_tag("bets", {"id": 111}))


class Reader:
    """Reads the state of a bet through the cache, and counts how often it really reads."""

    def __init__(self, engine: Engine, cache: Cache) -> None:
        self._engine = engine
        self._cache = cache
        self.loads = 0

    def read(self) -> str | None:
        return self._cache.get_or_load(KEY, self._load, tags=TAGS)

    def is_stored(self) -> bool:
        before = self.loads
        self.read()
        return self.loads == before

    def _load(self) -> str | None:
        self.loads += 1
        with self._engine.connect() as connection:
            return connection.scalar(select(Bet.state).where(Bet.id == 111))


@pytest.fixture
def run(sqlite_engine: Engine, valkey_cache: ValkeyServer) -> Callable[[float], int]:
    """Run the writer that dies, with a guard of so many seconds."""

    def run(guard_seconds: float) -> int:
        url = sqlite_engine.url.render_as_string(hide_password=False)
        module = "tests.integration.querycache.dying_writer"
        command = [sys.executable, "-m", module, url, valkey_cache.url, str(guard_seconds)]
        return subprocess.run(command, check=False).returncode

    return run


@pytest.fixture
def reader(sqlite_engine: Engine, valkey_cache: ValkeyServer) -> Reader:
    cache = Cache(connect(valkey_cache.url, connect_timeout=30, timeout=30))
    return Reader(sqlite_engine, cache)


def test_nothing_is_stored_while_the_guard_of_a_dead_writer_holds(
    run: Callable[[float], int], reader: Reader
) -> None:
    assert reader.read() == "open"
    assert reader.is_stored()
    assert run(600) == 9
    assert reader.read() == "won"
    assert not reader.is_stored()


def test_values_are_stored_again_when_the_guard_of_a_dead_writer_has_lapsed(
    run: Callable[[float], int], reader: Reader
) -> None:
    assert run(1) == 9
    wait_until(reader.is_stored, message="the guard does not lapse")
    assert reader.read() == "won"
