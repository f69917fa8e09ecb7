"""Commits of two phases while the cache's server is away, with a table for what it is owed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    func,
    select,
    text,
    update,
)

from dbsbm.querycache.writing.transactions import Transactions
from tests.integration.querycache.schema import Base, Bet
from tests.unit.querycache.tagstore import TagStore

DEBTS = Table(
    "debts_of_two_phases",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("tags", JSON),
    Column("created_at", DateTime),
)
WIN = update(Bet).where(Bet.id == 111).values(state="won")


@pytest.fixture
def home(mariadb_engines: dict[str, Engine]) -> Iterator[Engine]:
    engine = mariadb_engines["READ COMMITTED"]
    DEBTS.create(engine)
    store = TagStore()
    store.is_away = True
    transactions = Transactions(store, Base.metadata, ledger=DEBTS)
    transactions.attach(engine)
    yield engine
    transactions.detach(engine)
    DEBTS.drop(engine)


def _commit_at_once(connection: Connection) -> None:
    transaction = connection.begin_twophase()
    connection.execute(WIN)
    transaction.commit()


def _commit_prepared(connection: Connection) -> None:
    transaction = connection.begin_twophase()
    connection.execute(WIN)
    transaction.prepare()
    transaction.commit()


def _commit_by_text(connection: Connection) -> None:
    connection.exec_driver_sql("XA START 'by text'")
    connection.execute(WIN)
    for step in ("END", "PREPARE", "COMMIT"):
        connection.exec_driver_sql(f"XA {step} 'by text'")


def _commit_recovered(connection: Connection) -> None:
    transaction = connection.begin_twophase()
    connection.execute(WIN)
    transaction.prepare()
    xid, engine = transaction.xid, connection.engine
    connection.invalidate()  # its process is gone, the server keeps what was prepared
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        other.commit_prepared(xid)


@pytest.mark.parametrize(
    ("commit", "debts"),
    [(_commit_at_once, 1), (_commit_prepared, 0), (_commit_by_text, 0), (_commit_recovered, 0)],
)
def test_a_debt_is_written_down_only_where_the_transaction_takes_it(
    home: Engine, commit: Callable[[Connection], None], debts: int
) -> None:
    with home.connect() as connection:
        commit(connection)
    with home.connect() as connection:
        assert connection.scalar(select(Bet.state).where(Bet.id == 111)) == "won"
        assert connection.scalar(select(func.count()).select_from(DEBTS)) == debts
        assert connection.execute(text("XA RECOVER")).all() == []
