"""Cached functions: their results live until something that they read has changed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from dbsbm.cache import Cache, Category
from dbsbm.querycache import CachedFunction, QueryCache, Reason, Refusal
from tests.integration.querycache.reading.house import CACHED, House
from tests.integration.querycache.schema import Base, Bet, Guild, Leg


class Calls:
    """A cached function, and how often it was called.

    Attributes:
        record: For a guild and a user: how many bets they have, and how many legs these have.
    """

    def __init__(self, house: House, **settings: Any) -> None:
        self.count = 0
        self.record = house.queries.cached(Category.USER_DATA, name="record", **settings)(
            self._record
        )

    def _record(self, session: Session, guild_id: int, user_id: int = 10) -> dict[str, Any]:
        self.count += 1
        theirs = (Bet.guild_id == guild_id) & (Bet.user_id == user_id)
        bets = session.scalars(select(Bet).where(theirs).order_by(Bet.id)).all()
        return {"states": [bet.state for bet in bets], "legs": sum(len(bet.legs) for bet in bets)}


@pytest.fixture
def calls(house: House) -> Calls:
    return Calls(house)


def _call(house: House, function: CachedFunction[Any, Any], *arguments: Any) -> Any:
    with house.sessions() as session:
        return function(session, *arguments)


def _warm(house: House, calls: Calls) -> None:
    for _ in range(3):
        assert _call(house, calls.record, 1) == {"states": ["open"], "legs": 1}
    calls.count = 0


def test_a_result_is_kept_once_it_is_known_what_it_depends_on(house: House, calls: Calls) -> None:
    for expected in (1, 2, 2, 2):
        assert _call(house, calls.record, 1) == {"states": ["open"], "legs": 1}
        assert calls.count == expected


def test_a_first_call_is_kept_where_another_has_shown_what_the_function_reads(
    house: House,
) -> None:
    asked: list[int] = []

    @house.queries.cached(name="states")
    def states(session: Session, guild_id: int) -> Any:
        asked.append(guild_id)
        return session.scalars(select(Bet.state).where(Bet.guild_id == guild_id)).all()

    for guild_id in (1, 2, 2, 3, 3, 1):
        assert _call(house, states, guild_id) == ["open", "open"]
    assert asked == [1, 2, 3, 1]
    with house.sessions.begin() as session:
        session.get_one(Bet, 210).state = "won"
    assert sorted(_call(house, states, 2)) == ["open", "won"]
    for guild_id in (1, 3):
        _call(house, states, guild_id)
    assert asked == [1, 2, 3, 1, 2]


def test_a_call_that_reads_something_else_than_was_foretold_leaves_nothing_behind(
    house: House,
) -> None:
    @house.queries.cached(name="guild of a bet")
    def guild_of(session: Session, bet_id: int) -> Any:
        guild_id = session.scalar(select(Bet.guild_id).where(Bet.id == bet_id))
        return session.scalar(select(Guild.name).where(Guild.id == guild_id))

    def rename(guild_id: int, name: str) -> None:
        with house.sessions.begin() as session:
            session.get_one(Guild, guild_id).name = name

    for name in ("a", "b", "c"):
        for guild_id in (1, 2, 3):
            rename(guild_id, f"{name}{guild_id}")
            for other in (1, 2, 3):
                _call(house, guild_of, 100 * other + 10)
            assert _call(house, guild_of, 100 * guild_id + 10) == f"{name}{guild_id}"
            rename(guild_id, f"{name}{name}{guild_id}")
            assert _call(house, guild_of, 100 * guild_id + 10) == f"{name}{name}{guild_id}"


def test_a_result_lives_until_something_that_it_read_has_changed(
    house: House, calls: Calls
) -> None:
    _warm(house, calls)
    with house.sessions.begin() as session:
        session.get_one(Bet, 110).state = "won"
    assert _call(house, calls.record, 1) == {"states": ["won"], "legs": 1}
    with house.sessions.begin() as session:
        session.add(Leg(bet_id=110))
    assert _call(house, calls.record, 1) == {"states": ["won"], "legs": 2}


def test_a_result_outlives_what_it_did_not_read(house: House, calls: Calls) -> None:
    _warm(house, calls)
    with house.sessions.begin() as session:
        session.get_one(Bet, 210).state = "won"
        session.get_one(Bet, 111).state = "won"
        session.get_one(Guild, 1).name = "other"
    _call(house, calls.record, 1)
    assert calls.count == 0


def test_a_result_that_comes_to_depend_on_more_is_not_kept_by_what_it_depended_on(
    house: House, calls: Calls
) -> None:
    _warm(house, calls)
    with house.sessions.begin() as session:
        session.add(Bet(id=5, guild_id=1, user_id=10))
    assert _call(house, calls.record, 1) == {"states": ["open", "open"], "legs": 1}
    with house.sessions.begin() as session:
        session.add(Leg(bet_id=5))
    for _ in range(3):
        assert _call(house, calls.record, 1) == {"states": ["open", "open"], "legs": 2}
    assert calls.count == 2
    with house.sessions.begin() as session:
        session.add(Leg(bet_id=5))
    assert _call(house, calls.record, 1) == {"states": ["open", "open"], "legs": 3}


def test_arguments_tell_results_apart_however_they_are_given(house: House, calls: Calls) -> None:
    with house.sessions() as session:
        key = calls.record.key(session, 1)
        assert calls.record.key(session, guild_id=1, user_id=10) == key
        assert calls.record.key(session, 1, 10) == key
        assert calls.record.key(session, 1, 11) != key
        assert calls.record.key(session, True) != key


def test_a_result_may_be_forgotten(house: House, calls: Calls) -> None:
    _warm(house, calls)
    with house.sessions() as session:
        assert calls.record.invalidate(session, 1)
    _call(house, calls.record, 1)
    assert calls.count == 1


def test_another_process_finds_the_result_and_what_it_depends_on(
    house: House, calls: Calls, other_cache: Cache
) -> None:
    _warm(house, calls)
    house.queries.detach_session(house.sessions)
    other = QueryCache(other_cache, Base.metadata)
    other.attach(house.engine)
    other.attach_session(house.sessions)
    record = other.cached(Category.USER_DATA, name="record")(calls._record)
    assert _call(house, record, 1) == {"states": ["open"], "legs": 1}
    assert calls.count == 0
    with house.sessions.begin() as session:
        session.get_one(Bet, 110).state = "won"
    for _ in range(2):
        assert _call(house, record, 1) == {"states": ["won"], "legs": 1}
    assert calls.count == 1
    other.detach_session(house.sessions)
    other.detach(house.engine)
    house.queries.attach_session(house.sessions)


def test_the_first_callers_of_a_result_do_not_all_load_it(house: House, calls: Calls) -> None:
    callers = 8
    together = threading.Barrier(callers)

    def call(_number: int) -> Any:
        together.wait()
        return _call(house, calls.record, 1)

    with ThreadPoolExecutor(callers) as pool:
        results = list(pool.map(call, range(callers)))
    assert results == [{"states": ["open"], "legs": 1}] * callers
    assert calls.count < callers


def test_functions_of_a_connection_and_rows_are_kept(house: House) -> None:
    @house.queries.cached()
    def totals(connection: Connection, guild_id: int) -> Any:
        """Add up."""
        statement = select(Bet.user_id, func.sum(Bet.risk).label("risk"))
        return connection.execute(
            statement.where(Bet.guild_id == guild_id).group_by(Bet.user_id).order_by(Bet.user_id)
        ).all()

    for expected in (1, 1, 0):
        with house.counting() as asked, house.engine.connect() as connection:
            rows = totals(connection, 1)
            assert [(row.user_id, int(row.risk)) for row in rows] == [(10, 5), (11, 5)]
        assert len(asked) == expected
    assert totals.__name__ == "totals"
    assert totals.__doc__ == "Add up."


def test_a_function_within_a_function_makes_both_depend_on_what_it_reads(
    house: House, calls: Calls
) -> None:
    _warm(house, calls)
    outer_calls: list[int] = []

    @house.queries.cached(name="outer")
    def outer(session: Session, guild_id: int) -> Any:
        outer_calls.append(guild_id)
        return calls.record(session, guild_id)["states"]

    for _ in range(3):
        assert _call(house, outer, 1) == ["open"]
    assert len(outer_calls) == 2
    assert calls.count == 0
    with house.sessions.begin() as session:
        session.get_one(Bet, 110).state = "won"
    for _ in range(3):
        assert _call(house, outer, 1) == ["won"]


def test_a_function_depends_on_what_another_process_read_for_a_function_within_it(
    house: House, calls: Calls, other_cache: Cache
) -> None:
    _warm(house, calls)
    house.queries.detach_session(house.sessions)
    # What the results depend on is forgotten by all but the results themselves.
    house.cache.invalidate_category(Category.DB_QUERY)
    other = QueryCache(other_cache, Base.metadata)
    other.attach(house.engine)
    other.attach_session(house.sessions)
    record = other.cached(Category.USER_DATA, name="record")(calls._record)

    @other.cached(Category.USER_DATA, name="states")
    def states(session: Session) -> Any:
        return record(session, 1)["states"]

    for _ in range(3):
        assert _call(house, states) == ["open"]
    assert calls.count == 0
    with house.sessions.begin() as session:
        session.get_one(Bet, 110).state = "won"
    for _ in range(3):
        assert _call(house, states) == ["won"]
    other.detach_session(house.sessions)
    other.detach(house.engine)
    house.queries.attach_session(house.sessions)


def test_a_function_depends_on_what_another_process_read_for_a_view_within_it(
    house: House, other_cache: Cache
) -> None:
    statement = text("SELECT COUNT(*) FROM winners")
    with house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW winners AS SELECT * FROM bets WHERE state = 'won'")
    try:
        house.rows(statement)
        house.queries.detach_session(house.sessions)
        other = QueryCache(other_cache, Base.metadata)
        other.attach(house.engine)
        other.attach_session(house.sessions)

        @other.cached(Category.USER_DATA, name="winners")
        def winners(session: Session) -> Any:
            return session.scalar(statement, execution_options=CACHED)

        for expected in (0, 1):
            for _ in range(3):
                assert _call(house, winners) == expected
            with house.sessions.begin() as session:
                session.get_one(Bet, 110).state = "won"
        other.detach_session(house.sessions)
        other.detach(house.engine)
        house.queries.attach_session(house.sessions)
    finally:
        with house.engine.begin() as connection:
            connection.exec_driver_sql("DROP VIEW winners")


def test_a_cached_query_within_a_function_makes_it_depend_on_what_it_reads(house: House) -> None:
    statement = select(Bet.state).where(Bet.id == 110)

    @house.queries.cached(name="state")
    def state(session: Session) -> Any:
        return session.scalar(statement, execution_options=CACHED)

    house.rows(statement)
    for _ in range(3):
        assert _call(house, state) == "open"
    with house.sessions.begin() as session:
        session.get_one(Bet, 110).state = "won"
    for _ in range(3):
        assert _call(house, state) == "won"


def test_a_write_during_a_call_keeps_its_result_from_being_kept(house: House) -> None:
    @house.queries.cached(name="slow")
    def slow(session: Session, during: int) -> Any:
        statement = select(Bet.state).where(Bet.id == 110)
        before = session.scalar(statement)
        if writes:
            writes.pop()()
        return before

    def win() -> None:
        with house.sessions.begin() as session:
            session.execute(update(Bet).where(Bet.id == 110).values(state="won"))

    writes: list[Any] = []
    _call(house, slow, 1)
    writes.append(win)
    assert _call(house, slow, 1) == "open"
    assert _call(house, slow, 1) == "won"


def _writes(session: Session) -> Any:
    session.execute(update(Bet).where(Bet.id == 110).values(risk=Bet.risk + 1))
    return session.scalar(select(Bet.risk).where(Bet.id == 110))


def _leaves_changes(session: Session) -> Any:
    session.get_one(Bet, 110).risk = 7
    return 7


def _asks_the_clock(session: Session) -> Any:
    return str(session.scalar(select(func.current_timestamp())))


def _reads_nothing(session: Session) -> Any:
    return 7


def _locks(session: Session) -> Any:
    return session.scalar(select(Bet.risk).where(Bet.id == 110).with_for_update(read=True))


def _reads_much(session: Session) -> Any:
    parts = [range(n, n + 15) for n in range(0, 300, 15)]
    return sum(len(session.scalars(select(Bet.id).where(Bet.id.in_(p))).all()) for p in parts)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (_writes, Reason.NOT_A_SELECT),
        (_leaves_changes, Reason.PENDING_CHANGES),
        (_asks_the_clock, Reason.FUNCTION),
        (_reads_nothing, Reason.NOTHING_READ),
        (_reads_much, Reason.TOO_MANY_TAGS),
    ],
)
def test_a_result_that_must_not_be_kept_is_given(
    house: House, function: Any, reason: Reason
) -> None:
    calls = []

    def counted(session: Session) -> Any:
        calls.append(1)
        return function(session)

    cached = house.queries.cached(name=function.__name__)(counted)
    for _ in range(2):
        with house.sessions() as session:
            assert cached(session) is not None
    assert len(calls) == 2
    assert house.queries.refusals() == {reason: 2}


def test_a_call_in_a_transaction_that_wrote_is_not_cached(house: House, calls: Calls) -> None:
    _warm(house, calls)
    with house.sessions() as session:
        session.execute(update(Bet).where(Bet.id == 110).values(state="mine"))
        assert calls.record(session, 1)["states"] == ["mine"]
    assert house.queries.refusals() == {Reason.WROTE: 1}
    assert _call(house, calls.record, 1)["states"] == ["open"]


def test_a_session_that_is_not_attached_is_looked_at_closely(house: House, calls: Calls) -> None:
    _warm(house, calls)
    with sessionmaker(house.engine)() as session:
        assert calls.record(session, 1)["states"] == ["open"]
        assert calls.count == 0
        session.execute(update(Bet).where(Bet.id == 110).values(state="mine"))
        assert calls.record(session, 1)["states"] == ["mine"]


def test_arguments_that_cannot_be_told_apart_are_not_cached(house: House, calls: Calls) -> None:
    with house.sessions() as session:
        with pytest.raises(Refusal, match="float"):
            calls.record.key(session, 1.0)
        assert calls.record(session, 1.0) == {"states": ["open"], "legs": 1}
    assert house.queries.refusals() == {Reason.ARGUMENT: 1}


def test_a_call_that_python_refuses_is_refused_by_python(house: House, calls: Calls) -> None:
    with house.sessions() as session, pytest.raises(TypeError, match="unexpected keyword"):
        calls.record(session, 1, color="red")
    with pytest.raises(TypeError, match="must be a Session or a Connection, not a str"):
        calls.record("session", 1)
    with sessionmaker()() as session:
        assert _refusal(calls.record, session) is Reason.NO_NAME


def _refusal(function: CachedFunction[Any, Any], session: Session) -> Reason:
    with pytest.raises(Refusal) as refused:
        function.key(session, 1)
    return refused.value.reason


def test_what_a_function_raises_is_raised(house: House) -> None:
    @house.queries.cached(name="fails")
    def fails(session: Session) -> Any:
        session.scalar(select(Bet.id).limit(1))
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            _call(house, fails)


def test_the_failure_of_another_session_s_load_is_not_this_one_s(house: House) -> None:
    entered, leave = threading.Event(), threading.Event()

    @house.queries.cached(name="once")
    def once(session: Session) -> Any:
        found = session.scalar(select(Bet.state).where(Bet.id == 110))
        if not entered.is_set():
            entered.set()
            assert leave.wait(30)
            raise ZeroDivisionError
        return found

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_call, house, once)
        assert entered.wait(30)
        second = pool.submit(_call, house, once)
        leave.set()
        assert second.result(30) == "open"
        with pytest.raises(ZeroDivisionError):
            first.result(30)


def test_values_come_back_as_they_were(house: House) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)

    @house.queries.cached(name="values")
    def values(session: Session) -> Any:
        session.scalar(select(Bet.id).limit(1))
        return {"at": moment, "ids": {1, 2}, "pair": (1, None)}

    results = [_call(house, values) for _ in range(3)]
    assert results == [{"at": moment, "ids": {1, 2}, "pair": (1, None)}] * 3
