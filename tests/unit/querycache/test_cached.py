"""Cached functions and queries where there is no server, and what they remember by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, StaticPool, create_engine, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from dbsbm.cache import Cache, Category, Key
from dbsbm.querycache import QueryCache, Reason, Refusal
from dbsbm.querycache.reading.collecting import (
    MOST_TAGS,
    Collector,
    add_tags,
    collecting,
    current_collector,
    not_collecting,
)
from dbsbm.querycache.reading.hints import MOST, NOTHING_KNOWN, Hints


class Base(DeclarativeBase):
    pass


class Coin(Base):
    __tablename__ = "coins"
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Coin), [{"id": 1}, {"id": 2}])
    yield engine
    engine.dispose()


@pytest.fixture
def queries(engine: Engine) -> Iterator[QueryCache]:
    queries = QueryCache(Cache(None), Base.metadata)
    queries.attach(engine)
    yield queries
    queries.detach(engine)


def test_without_a_server_queries_are_answered_by_the_database(
    engine: Engine, queries: QueryCache
) -> None:
    sessions = sessionmaker(engine)
    queries.attach_session(sessions)
    for number in (2, 3):
        with sessions() as session:
            coins = session.scalars(select(Coin), execution_options={"cache": True}).all()
            assert len(coins) == number
            session.add(Coin())
            session.commit()
    assert not queries.refusals()


def test_without_a_server_functions_are_called(engine: Engine, queries: QueryCache) -> None:
    calls: list[int] = []

    @queries.cached(Category.USER_DATA, name="count")
    def count(session: Session, at_least: int = 0) -> Any:
        calls.append(at_least)
        return session.scalar(select(func.count()).where(Coin.id >= at_least))

    with Session(engine) as session:
        results = [count(session), count(session, 2), count(session, at_least=2)]
    assert results == [2, 1, 1]
    assert calls == [0, 2, 2]


def test_a_function_is_not_kept_of_what_its_session_loaded_earlier(
    engine: Engine, queries: QueryCache
) -> None:
    count = queries.cached(name="coins")(lambda session: len(session.scalars(select(Coin)).all()))
    with Session(engine, autoflush=False, expire_on_commit=False) as session:
        coins = session.scalars(select(Coin)).all()
        session.commit()
        assert count(session) == len(coins)
        assert queries.refusals() == {Reason.USED_SESSION: 1}
        coins[0].id = 7
        assert count(session) == len(coins)
        assert queries.refusals()[Reason.PENDING_CHANGES] == 1


def test_two_functions_of_one_name_are_refused(queries: QueryCache) -> None:
    queries.cached(name="coins")(lambda session: 1)
    with pytest.raises(ValueError, match="two cached functions are called coins"):
        queries.cached(name="coins")(lambda session: 2)


def test_an_explanation_takes_no_server(engine: Engine, queries: QueryCache) -> None:
    with engine.connect() as connection:
        explained = queries.explain(connection, select(Coin.id).where(Coin.id.in_([1, 2])))
        refused = queries.explain(connection, select(func.random()))
    assert explained.tags == ("t:*", "t:coins", "t:coins:id=#1", "t:coins:id=#2")
    assert refused.refusal is not None
    assert str(refused.refusal) == (
        "function: RANDOM is not known to depend on its arguments alone"
    )


def test_tags_go_to_the_call_that_runs() -> None:
    add_tags(["nobody hears"])
    with collecting() as outer:
        add_tags(["a"])
        with collecting() as inner:
            add_tags(["b", "a"])
            with not_collecting():
                add_tags(["c"])
        assert current_collector() is outer
    assert current_collector() is None
    assert (outer.tags, inner.tags) == (("a",), ("b", "a"))
    outer.merge(inner)
    assert outer.tags == ("a", "b")


def test_the_first_refusal_stays() -> None:
    collector, other = Collector(), Collector()
    other.refuse(Refusal(Reason.LOCKING, "first"))
    other.refuse(Refusal(Reason.INTO, "second"))
    collector.merge(other)
    assert collector.refusal is not None
    assert collector.refusal.detail == "first"


def test_too_many_tags_are_refused() -> None:
    collector = Collector()
    collector.add(str(number) for number in range(MOST_TAGS))
    assert collector.refusal is None
    collector.add(["one more"])
    assert collector.refusal is not None
    assert collector.refusal.reason is Reason.TOO_MANY_TAGS


def test_hints_are_bounded_and_those_in_use_stay() -> None:
    hints = Hints(Cache(None), Category.DB_QUERY)
    keys = [Key.of(Category.USER_DATA, number) for number in range(MOST + 1)]
    assert hints.get(keys[0]) == NOTHING_KNOWN
    for number, key in enumerate(keys):
        hints.put(key, (str(number),))
        assert hints.get(keys[0]) == ("0",)
    assert hints.own(keys[1]) is None
    assert hints.own(keys[2]) == ("2",)
