"""Transactions that are begun by text on connections that commit each statement."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from dbsbm.querycache.writing.transactions import Transactions
from tests.integration.querycache.schema import Base
from tests.unit.querycache.tagstore import TagStore

TAGS = ("t:*", "t:bets", "t:bets:guild_id=#1")
ENDS = ("CREATE OR REPLACE TABLE built (id INT)", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN")


@pytest.fixture
def engine(mariadb_engines: dict[str, Engine]) -> Engine:
    return mariadb_engines["READ COMMITTED"]


@pytest.fixture
def store(engine: Engine) -> Iterator[TagStore]:
    store = TagStore()
    transactions = Transactions(store, Base.metadata)
    transactions.attach(engine)
    yield store
    transactions.detach(engine)


@pytest.mark.parametrize("end", ENDS)
def test_a_write_is_told_of_wherever_it_is_committed(
    engine: Engine, store: TagStore, end: str
) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql(end)
        before = store.stamps(TAGS)
        connection.exec_driver_sql("UPDATE bets SET risk = 9 WHERE guild_id = 1")
        with engine.connect() as other:
            is_committed = other.exec_driver_sql("SELECT MAX(risk) FROM bets").scalar() == 9
        if not is_committed:
            before = store.stamps(TAGS)
            connection.exec_driver_sql("COMMIT")
        assert store.stamps(TAGS) != before
