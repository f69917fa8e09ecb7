"""Transactions and the cache: nothing that is outdated is ever stored, on any isolation level.

Two sessions take turns in an order that the tests fix, by events of the engine where one has to act
in the middle of the other's statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, func, select, text, update

from dbsbm.cache import Cache
from dbsbm.querycache import Reason
from tests.integration.querycache.reading.house import CACHED, House
from tests.integration.querycache.schema import Bet, Guild

STATE = select(Bet.state).where(Bet.id == 110)
OTHERS = select(func.count()).select_from(Guild)

LOCKS = "SERIALIZABLE"
DIRTY = "READ UNCOMMITTED"
SNAPSHOT = "REPEATABLE READ"


def _level(house: House) -> str:
    """The isolation level; SQLite's is called a snapshot here, as that is what it is."""
    if house.engine.dialect.name == "sqlite":
        return SNAPSHOT
    with house.engine.connect() as connection:
        return connection.get_isolation_level()


def _win(house: House, state: str = "won") -> None:
    with house.sessions.begin() as session:
        session.execute(update(Bet).where(Bet.id == 110).values(state=state))


@contextmanager
def _amid(engine: Engine, name: str, act: Callable[[], object]) -> Iterator[None]:
    """Act once, at an event of the first statement that reads the state."""
    todo = [act]

    def listener(*arguments: Any) -> None:
        if todo and (len(arguments) < 3 or "state" in str(arguments[2])):
            todo.pop()()

    event.listen(engine, name, listener)
    try:
        yield
        assert not todo
    finally:
        event.remove(engine, name, listener)


def test_a_level_either_caches_or_says_why_not(leveled: House) -> None:
    refused = {DIRTY: Reason.READ_UNCOMMITTED, LOCKS: Reason.SERIALIZABLE}
    with leveled.sessions() as session:
        assert leveled.refused(session, STATE) is refused.get(_level(leveled))


def test_a_transaction_with_a_snapshot_neither_asks_the_cache_nor_stores(leveled: House) -> None:
    with leveled.sessions() as session:
        session.execute(OTHERS).all()
        session.execute(STATE).all()
        if _level(leveled) == LOCKS:
            return  # the lock keeps everybody else from writing
        _win(leveled)
        expected = "open" if _level(leveled) == SNAPSHOT else "won"
        assert session.scalar(STATE, execution_options=CACHED) == expected
        reasons = {SNAPSHOT: Reason.SNAPSHOT, DIRTY: Reason.READ_UNCOMMITTED}
        assert leveled.refused(session, STATE) is reasons.get(_level(leveled))
    assert leveled.rows(STATE) == [("won",)]


def test_time_does_not_run_backwards_in_a_snapshot(leveled: House) -> None:
    leveled.rows(STATE)
    with leveled.sessions() as session:
        before = session.scalar(STATE)
        if _level(leveled) == LOCKS:
            return
        _win(leveled)
        leveled.rows(STATE)
        cached = session.scalar(STATE, execution_options=CACHED)
        after = session.scalar(STATE)
    assert (before, cached, after) in {("open", "open", "open"), ("open", "won", "won")}


def test_answers_before_the_snapshot_come_from_the_cache(leveled: House) -> None:
    if _level(leveled) in {LOCKS, DIRTY}:
        return
    leveled.rows(STATE)
    leveled.rows(OTHERS)
    with leveled.counting() as asked, leveled.sessions() as session:
        session.connection()
        assert session.scalar(STATE, execution_options=CACHED) == "open"
        assert session.scalar(OTHERS, execution_options=CACHED) == 3
    assert asked == []


def test_a_commit_between_a_read_and_its_storing_keeps_it_from_being_stored(
    leveled: House,
) -> None:
    if _level(leveled) == LOCKS:
        return
    with _amid(leveled.engine, "after_cursor_execute", lambda: _win(leveled)):
        assert leveled.rows(STATE) == [("open",)]
    assert leveled.rows(STATE) == [("won",)]
    assert leveled.rows(STATE) == leveled.direct(STATE)


def test_a_commit_between_a_load_s_begin_and_its_read_keeps_it_from_being_stored(
    leveled: House,
) -> None:
    with _amid(leveled.engine, "before_cursor_execute", lambda: _win(leveled)):
        assert leveled.rows(STATE) == [("won",)]
    _win(leveled, "lost")
    assert leveled.rows(STATE) == [("lost",)]


def test_what_is_read_between_a_guard_and_its_commit_is_not_stored(leveled: House) -> None:
    if _level(leveled) == LOCKS:
        return
    seen: list[Any] = []

    def ask(_connection: Any) -> None:
        seen.append(leveled.rows(STATE))

    # Heard after the cache's own listener: the guard is set, the database has not committed.
    event.listen(leveled.engine, "commit", ask, once=True)
    _win(leveled)
    assert seen == [[("won",)]] if _level(leveled) == DIRTY else seen == [[("open",)]]
    assert leveled.rows(STATE) == [("won",)]
    assert leveled.rows(STATE) == [("won",)]


def test_a_transaction_that_wrote_sees_its_own_changes_and_shares_them_with_nobody(
    leveled: House,
) -> None:
    leveled.rows(STATE)
    with leveled.sessions() as session:
        session.execute(update(Bet).where(Bet.id == 110).values(state="mine"))
        assert leveled.refused(session, STATE) is Reason.WROTE
        assert session.scalar(STATE, execution_options=CACHED) == "mine"
        if _level(leveled) in {SNAPSHOT, "READ COMMITTED"}:
            assert leveled.rows(STATE) == [("open",)]
        session.rollback()
    assert leveled.rows(STATE) == [("open",)]


def test_what_is_never_committed_is_never_stored(leveled: House) -> None:
    if _level(leveled) == LOCKS:
        return
    with leveled.sessions() as session:
        session.execute(update(Bet).where(Bet.id == 110).values(state="mine"))
        leveled.rows(STATE)
        session.rollback()
    assert leveled.rows(STATE) == [("open",)]


def test_changes_that_a_savepoint_took_back_do_not_keep_a_transaction_from_the_cache(
    house: House,
) -> None:
    house.rows(STATE)
    with house.sessions() as session:
        with session.begin_nested() as savepoint:
            session.execute(update(Bet).where(Bet.id == 110).values(state="mine"))
            savepoint.rollback()
        assert session.scalar(STATE, execution_options=CACHED) == "open"


def test_changes_that_are_not_flushed_yet_are_seen(house: House) -> None:
    house.rows(STATE)
    with house.sessions() as session:
        bet = session.get_one(Bet, 110)
        bet.state = "mine"
        assert session.scalar(STATE, execution_options=CACHED) == "mine"
    with house.sessions() as session:
        session.add(Guild(id=77, name="new"))
        assert house.refused(session, OTHERS) is Reason.PENDING_CHANGES
        session.rollback()
    assert house.rows(OTHERS) == [(3,)]


def test_a_connection_that_commits_each_statement_uses_the_cache(
    mariadb_engine: Engine, cache: Cache
) -> None:
    house = House(mariadb_engine, cache)
    engine = house.engine.execution_options(isolation_level="AUTOCOMMIT")
    for expected in (1, 0):
        with house.counting() as asked, engine.connect() as connection:
            assert house.queries.execute(connection, STATE).scalar() == "open"
            assert house.queries.execute(connection, STATE).scalar() == "open"
        assert len(asked) == expected
    with engine.connect() as connection:
        connection.execute(update(Bet).where(Bet.id == 110).values(state="won"))
        assert house.queries.execute(connection, STATE).scalar() == "won"
    house.close()


def test_a_level_that_was_set_by_text_is_heeded(
    mariadb_engines: dict[str, Engine], cache: Cache
) -> None:
    house = House(mariadb_engines["READ COMMITTED"], cache)
    with house.engine.connect() as connection:
        connection.execute(text("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        connection.commit()
        house.queries.execute(connection, STATE)
        connection.execute(text("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"))
    house.close()
    assert house.queries.refusals() == {Reason.SERIALIZABLE: 1}


def test_a_session_on_a_connection_of_its_own_has_that_connection_s_transaction(
    house: House,
) -> None:
    house.rows(STATE)
    with house.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(update(Bet).where(Bet.id == 110).values(state="mine"))
        with house.sessions(bind=connection) as session:
            assert session.scalar(STATE, execution_options=CACHED) == "mine"
        transaction.rollback()
    assert house.queries.refusals() == {Reason.WROTE: 1}
    assert house.rows(STATE) == [("open",)]
