"""Each query that must not be cached is executed all the same, counted, and explained."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    StaticPool,
    Table,
    create_engine,
    func,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dbsbm.cache import Cache
from dbsbm.querycache import QueryCache, Reason
from dbsbm.querycache.refusals import Refusals
from tests.integration.querycache.reading.house import CACHED, House
from tests.integration.querycache.schema import Base, Bet

BETS = select(Bet.id)

REFUSED: dict[str, tuple[Any, Reason]] = {
    "a clock": (select(func.current_timestamp()), Reason.FUNCTION),
    "a function that is not known": (select(func.abs(func.sqlite_version())), Reason.FUNCTION),
    "a function in a fragment of text": (
        select(Bet.id).where(text("random() IS NULL")),
        Reason.FUNCTION,
    ),
    "a function as a literal column": (
        select(literal_column("last_insert_rowid()")),
        Reason.FUNCTION,
    ),
    "a system table": (text("SELECT name FROM sqlite_master"), Reason.SYSTEM_TABLE),
    "a function as a table": (
        select(func.json_each("[1]").table_valued("value")),
        Reason.TABLE_FUNCTION,
    ),
    "two statements in one are refused by the driver too": (
        text("PRAGMA user_version"),
        Reason.NOT_A_SELECT,
    ),
    "rows one by one": (BETS.execution_options(yield_per=1), Reason.STREAMING),
    "rows as they arrive": (BETS.execution_options(stream_results=True), Reason.STREAMING),
    "a refresh": (select(Bet).execution_options(populate_existing=True), Reason.REFRESH),
    "a text without parameters": (
        text("SELECT 1").execution_options(no_parameters=True),
        Reason.NOT_UNDERSTOOD,
    ),
}


@pytest.fixture
def small(sqlite_engine: Engine, cache: Cache):  # type: ignore[no-untyped-def]
    house = House(sqlite_engine, cache)
    yield house
    house.close()


@pytest.mark.parametrize(("statement", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_query_that_is_refused_is_executed(small: House, statement: Any, reason: Reason) -> None:
    rows = []
    for _ in range(2):
        with small.sessions() as session:
            explained = small.queries.explain(session, statement)
            rows.append(session.execute(statement, execution_options=CACHED).all())
    assert len(rows[0]) == len(rows[1])
    assert small.queries.refusals() == {reason: 2}
    assert explained.refusal is not None
    assert explained.refusal.reason is reason
    assert explained.key is None


def test_a_lock_is_taken(mariadb_engines: dict[str, Engine], cache: Cache) -> None:
    house = House(mariadb_engines["READ COMMITTED"], cache)
    with house.sessions() as session:
        for statement in (BETS.with_for_update(), BETS.with_for_update(read=True)):
            assert house.refused(session, statement) is Reason.LOCKING
        bet = session.get(Bet, 110, with_for_update=True, execution_options=CACHED)
        assert bet is not None
    house.close()
    assert house.queries.refusals() == {Reason.LOCKING: 3}


def test_writes_that_return_rows_are_made(house: House) -> None:
    statement = insert(Bet).values(guild_id=1, user_id=1).returning(Bet.user_id)
    with house.sessions() as session:
        assert session.execute(statement, execution_options=CACHED).all() == [(1,)]
        entities = select(Bet).from_statement(
            insert(Bet).values(guild_id=1, user_id=2).returning(Bet)
        )
        assert session.scalars(entities, execution_options=CACHED).one().user_id == 2
        as_text = text("INSERT INTO bets (guild_id, user_id, state, risk) VALUES (1, 3, 'x', 1)")
        session.execute(as_text, execution_options=CACHED)
        session.commit()
        assert session.scalar(select(func.count()).where(Bet.user_id < 4)) == 3
    assert set(house.queries.refusals()) <= {Reason.NOT_A_SELECT, Reason.WROTE}


def test_a_refresh_reads_the_database(house: House) -> None:
    with house.sessions(execution_options=CACHED) as session:
        bet = session.get_one(Bet, 110)
        with house.counting() as asked:
            session.refresh(bet)
        assert len(asked) == 1
    assert house.queries.refusals()[Reason.REFRESH] == 1


def test_a_value_that_cannot_be_spelled_is_refused(small: House) -> None:
    with small.sessions() as session:
        statement = select(Bet.id).where(Bet.id == text(":odd"))
        with pytest.raises(DBAPIError):
            session.execute(statement, {"odd": object()}, execution_options=CACHED)
    assert small.queries.refusals() == {Reason.PARAMETER: 1}


def test_several_sets_of_values_are_no_query(house: House) -> None:
    statement = insert(Bet.__table__)
    with house.engine.connect() as connection:
        values = [{"guild_id": 1, "user_id": n, "state": "open", "risk": 1} for n in (1, 2)]
        result = house.queries.execute(connection, statement, values)  # type: ignore[arg-type]
        assert result.rowcount == 2
    assert house.queries.refusals() == {Reason.NOT_A_SELECT: 1}


def test_an_engine_that_is_not_attached_is_not_trusted(cache: Cache, sqlite_engine: Engine) -> None:
    queries = QueryCache(cache, Base.metadata)
    with sqlite_engine.connect() as connection:
        assert len(queries.execute(connection, BETS).all()) == 6
    with Session(sqlite_engine) as session:
        queries.attach_session(session)
        assert len(session.execute(BETS, execution_options=CACHED).all()) == 6
        queries.detach_session(session)
    assert queries.refusals() == {Reason.NOT_ATTACHED: 2}


def test_a_temporary_table_is_the_connection_s_own(small: House) -> None:
    temporary = Table("scratch", Base.metadata, Column("id", Integer), prefixes=["TEMPORARY"])
    try:
        with small.sessions() as session:
            explained = small.queries.explain(session, select(temporary))
    finally:
        Base.metadata.remove(temporary)
    assert explained.refusal is not None
    assert explained.refusal.reason is Reason.SYSTEM_TABLE


def test_the_ledger_of_debts_is_not_cached(sqlite_engine: Engine, cache: Cache) -> None:
    ledger = Table("debts", MetaData(), Column("id", Integer, primary_key=True))
    house = House(sqlite_engine, cache, ledger=ledger)
    with house.engine.connect() as connection:
        explained = house.queries.explain(connection, select(ledger))
    house.close()
    assert explained.refusal is not None
    assert explained.refusal.reason is Reason.SYSTEM_TABLE


def test_a_table_that_is_not_watched_is_not_cached_nor_a_view_of_it(
    sqlite_engine: Engine, cache: Cache
) -> None:
    house = House(sqlite_engine, cache, unwatched=["audit"])
    with house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW trail AS SELECT what FROM audit")
    try:
        with house.sessions() as session:
            assert house.refused(session, text("SELECT what FROM audit")) is Reason.SYSTEM_TABLE
        with house.sessions() as session:
            assert house.refused(session, text("SELECT * FROM trail")) is Reason.NOT_UNDERSTOOD
    finally:
        with house.engine.begin() as connection:
            connection.exec_driver_sql("DROP VIEW trail")
        house.close()


def test_a_database_in_memory_is_cached_where_there_is_but_one(cache: Cache) -> None:
    many, one = create_engine("sqlite://"), create_engine("sqlite://", poolclass=StaticPool)
    other = create_engine("sqlite://", poolclass=StaticPool)
    reasons = []
    for engine in (many, one, other):
        Base.metadata.create_all(engine)
        house = House(engine, cache)
        with house.sessions() as session:
            reasons.append(house.refused(session, BETS))
        with house.sessions.begin() as session:
            session.execute(insert(Bet).values(guild_id=id(engine), user_id=1))
        assert house.rows(select(Bet.guild_id)) == [(id(engine),)]
        assert house.rows(select(Bet.guild_id)) == [(id(engine),)]
        house.close()
        engine.dispose()
    assert reasons == [Reason.NO_NAME, None, None]


def test_stored_functions_may_be_said_to_be_pure(
    mariadb_engines: dict[str, Engine], cache: Cache
) -> None:
    house = House(mariadb_engines["READ COMMITTED"], cache, pure=["twice"])
    statement = select(func.twice(Bet.id)).where(Bet.id == 110)
    with house.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n"
        )
    try:
        for expected in (1, 0):
            with house.counting() as asked:
                assert house.rows(statement) == [(220,)]
            assert len(asked) == expected
    finally:
        with house.engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION twice")
        house.close()


def test_reasons_are_counted_by_kind() -> None:
    counts = Refusals().counts()
    counts[Reason.INTO] += 1
    assert Refusals().counts() == {}
