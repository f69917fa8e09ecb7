"""A small SQLite database whose transactions tell a store of tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)

from dbsbm.querycache.writing.transactions import Transactions
from tests.unit.querycache.tagstore import TagStore

METADATA = MetaData()
GUILDS = Table("guilds", METADATA, Column("id", Integer, primary_key=True), Column("name", String))
BETS = Table(
    "bets",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("guild_id", ForeignKey("guilds.id", ondelete="CASCADE")),
    Column("state", String),
    info={"cache_scopes": (("guild_id",),)},
)
DEBTS = Table(
    "cache_debts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("tags", JSON),
    Column("created_at", DateTime),
)

BET_1 = {"t:bets:*", "t:bets:id=#1", "t:bets:guild_id=#7"}
"""The tags of a change to bet 1 of guild 7."""


@pytest.fixture
def store() -> TagStore:
    return TagStore()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database with guild 7 and its bet 1, on connections that say BEGIN themselves."""
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}")
    event.listen(
        engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None)
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(GUILDS.insert(), {"id": 7, "name": "seven"})
        connection.execute(BETS.insert(), {"id": 1, "guild_id": 7, "state": "open"})
    yield engine
    engine.dispose()


Attach = Callable[..., Transactions]


@pytest.fixture
def attach(engine: Engine, store: TagStore) -> Iterator[Attach]:
    """Watch the engine, with options."""
    with ExitStack() as stack:

        def attached(**options: object) -> Transactions:
            transactions = Transactions(store, METADATA, **options)  # type: ignore[arg-type]
            transactions.attach(engine)
            stack.callback(transactions.detach, engine)
            return transactions

        yield attached


@pytest.fixture
def transactions(attach: Attach) -> Transactions:
    return attach()
