"""A connection with a state of its own neither reads from the cache nor stores into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, TextClause, select, text

from dbsbm.cache import Cache
from dbsbm.querycache import Reason
from tests.integration.querycache.reading.house import House
from tests.integration.querycache.schema import Bet

STATES = text("SELECT state FROM bets WHERE id = 110")

TEMPORARY = "CREATE TEMPORARY TABLE bets AS SELECT 110 AS id, 'mine' AS state"
ON_MARIADB: dict[str, tuple[str, TextClause]] = {
    "a temporary table": (TEMPORARY, STATES),
    "a zone of time": ("SET time_zone = '+09:00'", text("SELECT a FROM stamps")),
    "a mode": ("SET sql_mode = 'ANSI_QUOTES'", text('SELECT "state" FROM bets WHERE id = 110')),
    "a language": ("SET lc_time_names = 'de_DE'", text("SELECT MONTHNAME('2026-03-01')")),
}
ON_SQLITE: dict[str, tuple[str, TextClause]] = {
    "a temporary table": (TEMPORARY, STATES),
    "a temporary view": (
        "CREATE TEMP VIEW bets AS SELECT 110 AS id, 'mine' AS state",
        STATES,
    ),
    "a pragma": (
        "PRAGMA case_sensitive_like = ON",
        text("SELECT COUNT(*) FROM bets WHERE state LIKE 'OPEN'"),
    ),
}


def _differs(house: House, alter: Callable[[Connection], object], query: TextClause) -> None:
    """Ask on a connection that is altered, before and after it was in the pool."""
    common = house.rows(query)
    house.queries.forget_all()
    with house.engine.connect() as connection:
        try:
            alter(connection)
            connection.commit()
            own = house.queries.execute(connection, query).all()
            assert own != common
            assert house.queries.refusals() == {Reason.OWN_STATE: 1}
            assert house.rows(query) == common
            assert house.queries.execute(connection, query).all() == own
            connection.commit()
        finally:
            connection.invalidate()
    assert house.rows(query) == common


def _say(statement: str) -> Callable[[Connection], object]:
    return lambda connection: connection.exec_driver_sql(statement)


@pytest.mark.parametrize(("statement", "query"), ON_MARIADB.values(), ids=ON_MARIADB)
def test_states_of_mariadb(
    statement: str, query: TextClause, mariadb_engines: dict[str, Engine], cache: Cache
) -> None:
    house = House(mariadb_engines["READ COMMITTED"], cache)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE TABLE stamps (a TIMESTAMP NULL)")
        connection.exec_driver_sql("INSERT INTO stamps VALUES ('2026-01-01 00:00:00')")
    _differs(house, _say(statement), query)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE stamps")
    house.close()


def test_another_database(mariadb_engines: dict[str, Engine], cache: Cache) -> None:
    house = House(mariadb_engines["READ COMMITTED"], cache)
    name = f"{house.engine.url.database}_other"
    with house.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        connection.exec_driver_sql(f"CREATE TABLE {name}.bets AS SELECT 110 AS id, 'x' AS state")
    try:
        _differs(house, _say(f"USE {name}"), STATES)
    finally:
        with house.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
        house.close()


@pytest.mark.parametrize(("statement", "query"), ON_SQLITE.values(), ids=ON_SQLITE)
def test_states_of_sqlite(
    statement: str, query: TextClause, sqlite_engine: Engine, cache: Cache
) -> None:
    house = House(sqlite_engine, cache)
    _differs(house, _say(statement), query)
    house.close()


def test_an_attached_file(sqlite_engine: Engine, cache: Cache, tmp_path: Path) -> None:
    house = House(sqlite_engine, cache)
    with house.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")  # no file is attached within a transaction
        connection.exec_driver_sql(f"ATTACH '{tmp_path / 'other.db'}' AS other")
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("CREATE TABLE other.only (a)")
        connection.commit()
        assert house.queries.execute(connection, text("SELECT * FROM only")).all() == []
        connection.invalidate()
    house.close()
    assert house.queries.refusals() == {Reason.OWN_STATE: 1}


def _alone(engine: Engine) -> Connection:
    """The next connection that the pool will give, and no other."""
    engine.dispose()
    return engine.connect()


@pytest.mark.parametrize("way", ["query", "function"])
def test_a_session_that_is_given_an_altered_connection_stores_nothing(
    way: str, house: House, request: pytest.FixtureRequest
) -> None:
    def states(session: Any) -> Any:
        return session.execute(STATES).all()

    cached = house.queries.cached(name=request.node.name)(states)

    def ask() -> list[Any]:
        if way == "query":
            return house.rows(STATES)
        with house.sessions() as session:
            return [tuple(row) for row in cached(session)]

    house.rows(select(Bet.id))  # what a process asks once, it has asked
    with _alone(house.engine) as connection:
        connection.exec_driver_sql(TEMPORARY)
        connection.commit()
    house.queries.forget_all()
    assert ask() == [("mine",)]
    house.engine.dispose()
    assert ask() == [("open",)]
    assert house.queries.refusals()[Reason.OWN_STATE] >= 1


def test_a_level_that_a_connection_kept_is_heeded_by_who_is_given_it(
    mariadb_engines: dict[str, Engine], cache: Cache
) -> None:
    house = House(mariadb_engines["READ COMMITTED"], cache)
    house.rows(select(Bet.id))
    with _alone(house.engine) as connection:
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
    house.queries.forget_all()
    assert house.rows(STATES) == [("open",)]
    house.close()
    assert house.queries.refusals() == {Reason.READ_UNCOMMITTED: 1}
