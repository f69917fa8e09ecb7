"""The cache asks for no connection that its caller would have to wait for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from dbsbm.cache import Cache
from dbsbm.querycache import Reason
from tests.integration.querycache.reading.house import CACHED, House

STATES = text("SELECT state FROM bets WHERE id = 110")
CROWD = 3
FOREVER = 3600
"""Seconds: a caller that waited for the pool would hang, and not come through late."""


def _states(session: Session, _number: int = 0) -> Any:
    return session.execute(STATES).scalar()


def _small(home: Engine, size: int) -> Engine:
    level = None if home.dialect.name == "sqlite" else home.dialect._on_connect_isolation_level  # type: ignore[attr-defined]
    options = {} if level is None else {"isolation_level": level}
    engine = create_engine(
        home.url, pool_size=size, max_overflow=0, pool_timeout=FOREVER, **options
    )
    if home.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda driver, _: setattr(driver, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


@pytest.fixture(params=["sqlite", "READ COMMITTED", "REPEATABLE READ"])
def home(request: pytest.FixtureRequest) -> Engine:
    if request.param == "sqlite":
        engine: Engine = request.getfixturevalue("sqlite_engine")
        return engine
    engines: dict[str, Engine] = request.getfixturevalue("mariadb_engines")
    return engines[request.param]


@pytest.fixture
def crowded(home: Engine, cache: Cache) -> Iterator[House]:
    """An application whose pool has as many connections as it has threads."""
    yield from _house(home, cache, CROWD)


@pytest.fixture
def narrow(home: Engine, cache: Cache) -> Iterator[House]:
    """An application with one connection."""
    yield from _house(home, cache, 1)


def _house(home: Engine, cache: Cache, size: int) -> Iterator[House]:
    engine = _small(home, size)
    house = House(engine, cache)
    house.queries.forget_all()
    yield house
    house.close()
    engine.dispose()


def _takes_snapshots(house: House) -> bool:
    return house.engine.dialect._on_connect_isolation_level != "READ COMMITTED"  # type: ignore[attr-defined]


def test_who_holds_the_only_connection_is_answered(narrow: House) -> None:
    for _ in range(2):
        with narrow.sessions() as session:
            session.connection()
            assert session.execute(STATES, execution_options=CACHED).scalar() == "open"
    refused = {Reason.POOL: 2} if _takes_snapshots(narrow) else {}
    assert narrow.queries.refusals() == refused


def test_who_holds_none_yet_is_answered_from_the_cache(narrow: House) -> None:
    for expected in (1, 0):
        with narrow.counting() as asked:
            assert narrow.rows(STATES) == [("open",)]
        assert len(asked) == expected
    assert narrow.queries.refusals() == {}


def test_a_function_of_who_holds_the_only_connection_is_answered(narrow: House) -> None:
    cached = narrow.queries.cached(name=f"narrow {id(narrow)}")(_states)
    with narrow.sessions() as session:
        session.connection()
        assert cached(session) == "open"


def test_a_session_beside_the_holder_of_the_only_connection_reads_the_cache(narrow: House) -> None:
    """The level of connections is known by then; nothing else needs one."""
    narrow.rows(STATES)
    narrow.rows(STATES)
    with narrow.engine.connect():
        assert narrow.rows(STATES) == [("open",)]


def test_threads_that_each_hold_a_connection_do_not_wait_for_another(crowded: House) -> None:
    cached = crowded.queries.cached(name=f"crowded {id(crowded)}")(_states)
    all_hold = Barrier(CROWD, timeout=30)

    def ask(number: int) -> Any:
        with crowded.sessions() as session:
            session.connection()
            all_hold.wait()
            found = cached(session, number)
            all_hold.wait()
            return found

    with ThreadPoolExecutor(CROWD) as threads:
        found = [threads.submit(ask, number) for number in range(CROWD)]
        assert [future.result(timeout=60) for future in found] == ["open"] * CROWD
    refused = set(crowded.queries.refusals())
    assert refused == ({Reason.POOL} if _takes_snapshots(crowded) else set())


def test_the_first_question_of_all_waits_for_no_connection(narrow: House) -> None:
    """The level of new connections is not known yet, and cannot be asked for."""
    with narrow.engine.connect() as holder, Session(narrow.engine) as session:
        narrow.queries.attach_session(session)
        explained = narrow.queries.explain(session, STATES)
        narrow.queries.detach_session(session)
        assert not holder.closed
    expected = None if narrow.engine.dialect.name == "sqlite" else Reason.POOL
    assert (explained.refusal and explained.refusal.reason) is expected
