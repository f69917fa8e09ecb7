"""Writes of two sessions at once: rows that move, appear or lock each other out meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dbsbm.querycache.writing.connections import has_snapshot, isolation, wrote
from dbsbm.querycache.writing.transactions import Transactions
from tests.integration.querycache.conftest import LEVELS
from tests.integration.querycache.schema import Base, Bet, Member
from tests.unit.querycache.tagstore import TagStore

BETS = Bet.__table__
DEADLOCK = 1213
GUILD = "t:bets:guild_id=#{}".format


@contextmanager
def _watched(engine: Engine) -> Iterator[TagStore]:
    store = TagStore()
    transactions = Transactions(store, Base.metadata)
    transactions.attach(engine)
    yield store
    transactions.detach(engine)


@pytest.fixture
def store(engine: Engine) -> Iterator[TagStore]:
    with _watched(engine) as store:
        yield store


@pytest.fixture
def mariadb_store(mariadb_engine: Engine) -> Iterator[TagStore]:
    with _watched(mariadb_engine) as store:
        yield store


def _move(engine: Engine, bet: int, guild: int) -> None:
    with engine.begin() as connection:
        connection.execute(update(BETS).where(BETS.c.id == bet).values(guild_id=guild))


def test_a_row_that_moved_since_it_was_loaded_is_found_where_it_is(
    engine: Engine, store: TagStore
) -> None:
    """What a session remembers of a row says where it was, so the database is asked."""
    with Session(engine, expire_on_commit=False) as session:
        bet = session.get_one(Bet, 111)
        session.commit()
        _move(engine, 111, 2)
        store.told.clear()
        bet.state = "won"
        session.commit()
    assert GUILD(2) in store.released
    assert GUILD(1) not in store.released


def test_a_row_that_moved_past_the_snapshot_is_found_where_it_is(
    mariadb_engines: dict[str, Engine],
) -> None:
    """A plain read would see it in guild 1 still; the update meets it in guild 2."""
    engine = mariadb_engines["REPEATABLE READ"]
    with _watched(engine) as store, engine.connect() as reader:
        assert reader.scalar(select(BETS.c.guild_id).where(BETS.c.id == 111)) == 1
        _move(engine, 111, 2)
        store.told.clear()
        assert reader.scalar(select(BETS.c.guild_id).where(BETS.c.id == 111)) == 1
        reader.execute(update(BETS).where(BETS.c.id == 111).values(state="won"))
        reader.commit()
    assert GUILD(2) in store.released


@pytest.mark.parametrize("level", ["READ UNCOMMITTED", "READ COMMITTED"])
def test_a_row_that_appears_between_question_and_write_is_not_missed(
    level: str, mariadb_engines: dict[str, Engine]
) -> None:
    engine, other = mariadb_engines[level], mariadb_engines["SERIALIZABLE"]
    with _watched(engine) as store:

        def intrude(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
            if sql.startswith("UPDATE bets"):
                with other.begin() as second:
                    row = {"id": 9, "guild_id": 3, "user_id": 99, "state": "x", "risk": 1}
                    second.execute(insert(BETS), row)

        event.listen(engine, "before_cursor_execute", intrude)
        with engine.begin() as connection:
            changed = connection.execute(
                update(BETS).where(BETS.c.user_id == 99).values(state="won")
            )
        event.remove(engine, "before_cursor_execute", intrude)
    assert changed.rowcount == 1
    assert store.released == {"t:bets"}


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_no_row_appears_between_question_and_write_where_gaps_are_locked(
    level: str, mariadb_engines: dict[str, Engine]
) -> None:
    engine, other = mariadb_engines[level], mariadb_engines["READ COMMITTED"]
    refused: list[OperationalError] = []
    with _watched(engine) as store:

        def intrude(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
            if sql.startswith("UPDATE members"):
                with other.connect() as second:
                    second.execute(text("SET innodb_lock_wait_timeout = 1"))
                    try:
                        second.execute(insert(BETS), {"guild_id": 1, "user_id": 11, "risk": 1})
                    except OperationalError as error:
                        refused.append(error)

        event.listen(engine, "before_cursor_execute", intrude)
        with engine.begin() as connection:
            connection.execute(update(BETS).where(BETS.c.guild_id == 1).values(risk=2))
            connection.execute(update(Member.__table__).values(points=2))  # type: ignore[arg-type]
        event.remove(engine, "before_cursor_execute", intrude)
    assert len(refused) == 1
    assert GUILD(1) in store.released
    assert "t:bets" not in store.released


def test_each_of_two_sessions_tells_what_it_changed_itself(engine: Engine, store: TagStore) -> None:
    with Session(engine) as first, Session(engine) as second:
        first.add(Bet(id=777, guild_id=1, user_id=10))
        first.flush()
        first.commit()
        assert GUILD(1) in store.released
        store.told.clear()
        second.add(Bet(id=778, guild_id=2, user_id=10))
        second.commit()
    assert GUILD(2) in store.released
    assert GUILD(1) not in store.released


def _transact(engine: Engine, work: Callable[[Session], None]) -> int:
    """Run a transaction again after each deadlock; returns how often it was run."""
    for attempt in range(1, 10):
        with Session(engine) as session:
            try:
                work(session)
                session.commit()
            except OperationalError as error:
                if error.orig is None or error.orig.args[0] != DEADLOCK:
                    raise
            else:
                return attempt
    raise AssertionError("no attempt came through")


def test_a_deadlock_tells_nothing_and_its_retry_everything(
    mariadb_engine: Engine, mariadb_store: TagStore
) -> None:
    """Each locks its row and then wants the other's; one of the two is sent back."""
    both_hold = threading.Barrier(2, timeout=20)
    first_try = threading.local()
    attempts: list[int] = []

    def crossing(mine: int, others: int) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            session.execute(update(BETS).where(BETS.c.id == mine).values(risk=8))
            if not getattr(first_try, "over", False):
                first_try.over = True
                both_hold.wait()
            session.execute(update(BETS).where(BETS.c.id == others).values(risk=8))

        return work

    def run(mine: int, others: int) -> None:
        attempts.append(_transact(mariadb_engine, crossing(mine, others)))

    threads = [threading.Thread(target=run, args=pair) for pair in ((111, 210), (210, 111))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(attempts) == [1, 2]
    assert {GUILD(1), GUILD(2)} <= mariadb_store.released
    assert [verb for verb, _ in mariadb_store.told].count("release") == 2
    assert mariadb_store.guards == {}


def test_a_transaction_of_two_phases_is_told_of_at_its_second(
    mariadb_engine: Engine, mariadb_store: TagStore
) -> None:
    with mariadb_engine.connect() as connection:
        transaction = connection.begin_twophase()
        connection.execute(update(BETS).where(BETS.c.id == 111).values(risk=2))
        transaction.prepare()
        assert mariadb_store.told == []
        transaction.commit()
    assert GUILD(1) in mariadb_store.released
    assert mariadb_store.guards == {}


def test_a_transaction_of_two_phases_that_is_rolled_back_tells_nothing(
    mariadb_engine: Engine, mariadb_store: TagStore
) -> None:
    with mariadb_engine.connect() as connection:
        transaction = connection.begin_twophase()
        connection.execute(update(BETS).where(BETS.c.id == 111).values(risk=2))
        transaction.prepare()
        transaction.rollback()
    assert mariadb_store.told == []


def test_a_transaction_that_was_prepared_elsewhere_may_change_everything(
    mariadb_engine: Engine, mariadb_store: TagStore
) -> None:
    lost = mariadb_engine.connect()
    transaction = lost.begin_twophase()
    lost.execute(update(BETS).where(BETS.c.id == 111).values(risk=2))
    transaction.prepare()
    lost.invalidate()  # its process is gone, the server keeps what was prepared
    lost.close()
    # Within a transaction of its own the server refuses to commit another's.
    with mariadb_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.commit_prepared(transaction.xid)
    assert mariadb_store.released == {"t:*"}


def test_statements_that_commit_by_themselves_are_told_of(
    mariadb_engine: Engine, mariadb_store: TagStore
) -> None:
    alone = mariadb_engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        assert isolation(connection) == "AUTOCOMMIT"
        connection.execute(update(Member.__table__).values(points=3))  # type: ignore[arg-type]
        assert not wrote(connection)
        assert not has_snapshot(connection)
        assert mariadb_store.released == {"t:members"}
        connection.execute(text("BEGIN"))
        connection.execute(update(BETS).where(BETS.c.id == 111).values(risk=2))
        assert mariadb_store.released == {"t:members"}
        assert wrote(connection)
        assert isolation(connection) in LEVELS
        connection.execute(text("ROLLBACK"))
        assert not wrote(connection)
    assert mariadb_store.released == {"t:members"}


def test_the_level_of_a_connection_is_known(mariadb_engines: dict[str, Engine]) -> None:
    for level, engine in mariadb_engines.items():
        with _watched(engine), engine.connect() as connection:
            assert isolation(connection) == level
            connection.execute(text("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"))
            assert isolation(connection) == "READ UNCOMMITTED"
            connection.invalidate()
        with _watched(engine), engine.connect() as connection:
            serial = connection.execution_options(isolation_level="SERIALIZABLE")
            assert isolation(serial) == "SERIALIZABLE"


def test_a_snapshot_may_be_taken_at_once(mariadb_engine: Engine) -> None:
    with _watched(mariadb_engine), mariadb_engine.connect() as connection:
        assert not has_snapshot(connection)
        connection.execute(text("START TRANSACTION WITH CONSISTENT SNAPSHOT"))
        assert has_snapshot(connection)
