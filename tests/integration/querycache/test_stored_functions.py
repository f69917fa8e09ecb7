"""Functions of the server that write while they are called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from dbsbm.querycache.tags import GLOBAL_TAG
from dbsbm.querycache.writing.connections import wrote
from dbsbm.querycache.writing.transactions import Transactions
from tests.integration.querycache.schema import Base
from tests.unit.querycache.tagstore import TagStore

CALLS = ["SELECT wr()", "SET @x = wr()", "DO wr()", "SELECT id FROM guilds WHERE id = wr()"]


@pytest.fixture
def home(mariadb_engines: dict[str, Engine]) -> Iterator[Engine]:
    """A database with a function `wr` that updates a bet."""
    engine = mariadb_engines["READ COMMITTED"]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION wr() RETURNS INT MODIFIES SQL DATA "
            "BEGIN UPDATE bets SET risk = 42 WHERE id = 111; RETURN 1; END"
        )
    yield engine
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP FUNCTION wr")


def _run(engine: Engine, sql: str, *pure: str) -> tuple[bool, TagStore]:
    store = TagStore()
    transactions = Transactions(store, Base.metadata, pure=pure)
    transactions.attach(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(sql)
        wrote_it = wrote(connection)
    transactions.detach(engine)
    return wrote_it, store


@pytest.mark.parametrize("sql", CALLS)
def test_a_call_may_change_everything(home: Engine, sql: str) -> None:
    wrote_it, store = _run(home, sql)
    assert wrote_it
    assert store.released == {GLOBAL_TAG}
    assert store.told[-1][0] == "release"
    assert store.guards == {}


@pytest.mark.parametrize("sql", ["SELECT wr()", "SET @x = wr()"])
def test_a_function_that_is_said_to_write_nothing_is_believed(home: Engine, sql: str) -> None:
    wrote_it, store = _run(home, sql, "WR")
    assert not wrote_it
    assert store.told == []
