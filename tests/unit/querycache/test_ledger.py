"""Changes that the cache's server could not be told of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, insert, select, update

from dbsbm.querycache.writing import ledger
from dbsbm.querycache.writing.ledger import pay_debts
from dbsbm.querycache.writing.transactions import Transactions
from tests.unit.querycache.conftest import BET_1, BETS, DEBTS, GUILDS, Attach
from tests.unit.querycache.tagstore import TagStore

WRITE = update(BETS).where(BETS.c.id == 1).values(state="won")
NOW = timedelta(seconds=-1)


@pytest.fixture
def transactions(attach: Attach) -> Transactions:
    return attach(ledger=DEBTS)


def _debts(engine: Engine) -> list[set[str]]:
    with engine.connect() as connection:
        return [set(tags) for tags in connection.scalars(select(DEBTS.c.tags).order_by(DEBTS.c.id))]


def _write(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(WRITE)


@pytest.mark.usefixtures("transactions")
def test_a_change_that_cannot_be_told_is_written_down_with_it(
    engine: Engine, store: TagStore
) -> None:
    store.is_away = True
    _write(engine)
    assert _debts(engine) == [BET_1]
    assert store.told[-1] == ("invalidate", tuple(sorted(BET_1)))  # owed once more, past the commit


@pytest.mark.usefixtures("transactions")
def test_what_is_rolled_back_is_not_owed(engine: Engine, store: TagStore) -> None:
    store.is_away = True
    with engine.connect() as connection:
        connection.execute(WRITE)
        connection.rollback()
    assert _debts(engine) == []


@pytest.mark.usefixtures("transactions")
def test_nothing_is_written_down_while_the_server_answers(engine: Engine) -> None:
    _write(engine)
    assert _debts(engine) == []


@pytest.mark.usefixtures("transactions")
def test_a_writer_pays_by_itself_when_the_server_is_back(engine: Engine, store: TagStore) -> None:
    store.is_away = True
    _write(engine)
    _write(engine)
    store.is_away = False
    store.told.clear()
    with engine.begin() as connection:
        connection.execute(insert(GUILDS).values(id=8))
    assert store.released >= BET_1
    assert _debts(engine) == []


@pytest.mark.usefixtures("transactions")
def test_a_writer_that_is_rolled_back_leaves_its_debts_to_others(
    engine: Engine, store: TagStore
) -> None:
    store.is_away = True
    _write(engine)
    store.is_away = False
    with engine.connect() as connection:
        connection.execute(insert(GUILDS).values(id=8))
        connection.rollback()
    assert pay_debts(engine, DEBTS, store, older_than=NOW) == 1


def test_a_statement_that_commits_by_itself_is_written_down_too(
    engine: Engine, store: TagStore, attach: Attach
) -> None:
    attach(ledger=DEBTS)
    store.is_away = True
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # past the engine's BEGIN
        connection.execute(WRITE)
        connection.exec_driver_sql("BEGIN")
    assert _debts(engine) == [{"t:bets"}]


def test_what_nobody_came_back_for_is_paid(engine: Engine, store: TagStore, attach: Attach) -> None:
    attach(ledger=DEBTS)
    store.is_away = True
    _write(engine)
    assert pay_debts(engine, DEBTS, store, older_than=NOW) == 0
    store.is_away = False
    store.told.clear()
    assert pay_debts(engine, DEBTS, store, older_than=timedelta(hours=1)) == 0
    assert store.told == []
    assert pay_debts(engine, DEBTS, store, older_than=NOW) == 1
    assert store.told == [("invalidate", tuple(sorted(BET_1)))]
    assert _debts(engine) == []


def test_many_debts_are_paid_in_batches(
    engine: Engine, store: TagStore, attach: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_AT_ONCE", 2)
    attach(ledger=DEBTS)
    store.is_away = True
    for _ in range(3):
        _write(engine)
    store.is_away = False
    assert pay_debts(engine, DEBTS, store, older_than=NOW) == 3
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(DEBTS)) == 0


class NoServer(TagStore):
    """A cache without a server: nothing can be guarded, and there is nothing to tell."""

    def guard(self, tags: object, *, for_ms: int) -> None:
        return None


def test_a_cache_without_a_server_owes_nothing(engine: Engine) -> None:
    transactions = Transactions(NoServer(), BETS.metadata, ledger=DEBTS)
    transactions.attach(engine)
    _write(engine)
    assert _debts(engine) == []
    transactions.detach(engine)
