"""Cached queries: every way to ask, and every write that changes the answer."""

from __future__ import annotations

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    bindparam,
    create_engine,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload, selectinload, sessionmaker

from dbsbm.cache import Cache, Category
from dbsbm.querycache import CacheFor, QueryCache, Reason
from tests.integration.querycache.cases import CASES, Case
from tests.integration.querycache.reading.house import CACHED, House
from tests.integration.querycache.schema import Base, Bet, Guild, Leg, queries

OF_GUILD = select(Bet.id, Bet.state).where(Bet.guild_id == 1).order_by(Bet.id)


def test_a_query_is_asked_of_the_database_once(house: House) -> None:
    assert house.rows(OF_GUILD) == [(110, "open"), (111, "open")]
    with house.counting() as asked:
        assert house.rows(OF_GUILD) == [(110, "open"), (111, "open")]
    assert asked == []
    assert not house.queries.refusals()


def test_a_session_that_finds_all_in_the_cache_takes_no_connection(house: House) -> None:
    house.rows(OF_GUILD)
    with house.sessions() as session:
        session.execute(OF_GUILD, execution_options=CACHED).all()
        assert house.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert session.in_transaction()


def test_values_make_answers_of_their_own(house: House) -> None:
    for guild in (1, 2, 1, 2):
        rows = house.rows(select(Bet.guild_id).where(Bet.guild_id == guild))
        assert rows == [(guild,)] * 2


def test_lists_limits_and_offsets_make_answers_of_their_own(house: House) -> None:
    statement = select(Bet.id).order_by(Bet.id)
    for _ in range(2):
        assert house.rows(statement.limit(1)) == [(110,)]
        assert house.rows(statement.limit(2)) == [(110,), (111,)]
        assert house.rows(statement.limit(1).offset(1)) == [(111,)]
        assert house.rows(statement.where(Bet.id.in_([110, 210]))) == [(110,), (210,)]
        assert house.rows(statement.where(Bet.id.in_([110]))) == [(110,)]
        assert house.rows(statement.where(Bet.id.in_([]))) == []


def test_an_answer_without_rows_is_an_answer(house: House) -> None:
    statement = select(Bet.id).where(Bet.guild_id == 99)
    assert house.rows(statement) == []
    with house.counting() as asked:
        assert house.rows(statement) == []
    assert asked == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.execute(OF_GUILD.execution_options(cache=True)).all(),
        lambda s: s.execute(OF_GUILD, execution_options={"cache": CacheFor()}).all(),
        lambda s: s.scalars(OF_GUILD, execution_options=CACHED).all(),
        lambda s: s.scalar(select(func.count()).select_from(Bet), execution_options=CACHED),
        lambda s: s.get(Bet, 110, execution_options=CACHED).state,
        lambda s: [b.id for b in s.query(Bet).execution_options(cache=True).all()],
        lambda s: s.execute(text("SELECT id FROM bets"), execution_options=CACHED).all(),
        lambda s: s.execute(
            text("SELECT id, guild_id FROM bets WHERE id = :id").columns(Bet.id, Bet.guild_id),
            {"id": 110},
            execution_options=CACHED,
        ).all(),
        lambda s: [
            b.id
            for b in s.scalars(
                select(Bet).from_statement(text("SELECT * FROM bets")), execution_options=CACHED
            )
        ],
    ],
    ids=[
        "an option of the statement",
        "a wish",
        "scalars",
        "scalar",
        "get",
        "the legacy query",
        "text",
        "text with values",
        "entities from text",
    ],
)
def test_every_way_to_ask_is_answered_from_the_cache(house: House, ask) -> None:  # type: ignore[no-untyped-def]
    with house.sessions() as session:
        first = ask(session)
    with house.counting() as asked, house.sessions() as session:
        assert ask(session) == first
    assert asked == []
    assert not house.queries.refusals()


def test_results_are_results(house: House) -> None:
    for _ in range(2):
        with house.sessions() as session:

            def ask():  # type: ignore[no-untyped-def]
                return session.execute(OF_GUILD, execution_options=CACHED)

            assert list(ask().keys()) == ["id", "state"]
            assert ask().mappings().first() == {"id": 110, "state": "open"}
            assert ask().first().state == "open"
            assert ask().scalars().all() == [110, 111]
            assert ask().columns("state").unique().one() == ("open",)
            assert ask().fetchmany(1) == [(110, "open")]
            assert list(ask().partitions(1)) == [[(110, "open")], [(111, "open")]]
            assert [row[Bet.state] for row in ask().mappings()] == ["open", "open"]


def test_a_query_on_a_connection(house: House) -> None:
    statement = select(Bet.__table__).where(Bet.id == bindparam("id"))
    for expected in (1, 0):
        with house.counting() as asked, house.engine.connect() as connection:
            result = house.queries.execute(connection, statement, {"id": 110})
            assert result.mappings().one()["guild_id"] == 1
        assert len(asked) == expected
    with house.counting() as asked, house.sessions() as session:
        house.queries.execute(session.connection(), statement, {"id": 110}).one()
    assert asked == []


@pytest.mark.parametrize("eager", [selectinload, joinedload])
def test_entities_come_with_what_was_loaded_with_them(house: House, eager) -> None:  # type: ignore[no-untyped-def]
    statement = select(Bet).where(Bet.guild_id == 1).options(eager(Bet.legs)).order_by(Bet.id)
    for _ in range(3):  # under a snapshot, only the first query that misses is stored
        with house.counting() as asked, house.sessions() as session:
            bets = session.scalars(statement, execution_options=CACHED).unique().all()
            assert [[leg.id for leg in bet.legs] for bet in bets] == [[1010], [1011]]
    assert asked == []
    with house.sessions.begin() as session:
        session.add(Leg(id=5, bet_id=110))
    with house.sessions() as session:
        bets = session.scalars(statement, execution_options=CACHED).unique().all()
        assert [sorted(leg.id for leg in bet.legs) for bet in bets] == [[5, 1010], [1011]]


def test_entities_are_those_of_the_session(house: House) -> None:
    statement = select(Bet).where(Bet.guild_id == 1).order_by(Bet.id)
    house.rows(statement)
    with house.counting() as asked, house.sessions() as session:
        bets = session.scalars(statement, execution_options=CACHED).all()
        assert session.get(Bet, 110) is bets[0]
        assert all(bet in session for bet in bets)
        assert not session.dirty
    assert asked == []
    with house.sessions.begin() as session:
        session.scalars(statement, execution_options=CACHED).first().state = "won"  # type: ignore[union-attr]
    assert house.rows(OF_GUILD) == [(110, "won"), (111, "open")]


def test_what_a_session_has_changed_wins_over_the_cache(house: House) -> None:
    statement = select(Bet).where(Bet.guild_id == 1).order_by(Bet.id)
    house.rows(statement)
    with house.sessions(autoflush=False) as session:
        bet = session.get_one(Bet, 110)
        bet.state = "mine"
        found = session.scalars(statement, execution_options=CACHED).first()
        assert found is bet
        assert found.state == "mine"


def test_lazy_loading_goes_on_from_an_entity_of_the_cache(house: House) -> None:
    statement = select(Bet).where(Bet.id == 110)
    house.rows(statement)
    with house.sessions() as session:
        bet = session.scalars(statement, execution_options=CACHED).one()
        assert [leg.id for leg in bet.legs] == [1010]


def test_a_session_with_savepoints_reads_from_the_cache(house: House) -> None:
    house.rows(OF_GUILD)
    with house.sessions() as session:
        with session.begin_nested():
            session.execute(OF_GUILD, execution_options=CACHED)
        with session.begin_nested():
            session.get_one(Bet, 110).state = "won"
        session.commit()
    assert house.rows(OF_GUILD) == [(110, "won"), (111, "open")]


def test_a_session_that_commits_in_two_phases_reads_from_the_cache(
    mariadb_engines: dict[str, Engine], cache: Cache
) -> None:
    house = House(mariadb_engines["READ COMMITTED"], cache)
    house.rows(OF_GUILD)
    with house.sessions(twophase=True) as session:
        with house.counting() as asked:
            session.execute(OF_GUILD, execution_options=CACHED).all()
        assert asked == []
        session.get_one(Bet, 110).state = "won"
        session.commit()
    assert house.rows(OF_GUILD) == [(110, "won"), (111, "open")]
    house.close()


def test_an_engine_that_spares_rollbacks_reads_from_the_cache(
    home_engine: Engine, cache: Cache
) -> None:
    engine = create_engine(home_engine.url, skip_autocommit_rollback=True)
    house = House(engine, cache)
    for _ in range(2):
        assert len(house.rows(OF_GUILD)) == 2
    house.close()
    engine.dispose()


def test_a_query_that_the_database_refuses_raises_what_it_always_did(house: House) -> None:
    with house.sessions() as session:
        for options in ({}, CACHED):
            with pytest.raises(DBAPIError) as raised:
                session.execute(text("SELECT nothing FROM bets"), execution_options=options)
            assert "nothing" in str(raised.value.orig)
            session.rollback()
        assert session.scalar(select(func.count()).select_from(Bet), execution_options=CACHED) == 6


def test_an_answer_that_is_too_large_is_given_and_not_kept(house: House) -> None:
    house.cache.policies.replace({Category.DB_QUERY: {"max_bytes": 1024}})
    statement = select(Bet.id, literal_column("'" + "x" * 999 + "'"))
    for _ in range(2):
        with house.counting() as asked:
            assert len(house.rows(statement)) == 6
        assert len(asked) == 1


def _is_mysql(house: House) -> bool:
    return house.engine.dialect.name == "mysql"


def test_schemas_are_translated_before_the_cache_is_asked(house: House) -> None:
    table = Table("bets", MetaData(), Column("id", Integer), schema="here")
    own = house.engine.url.database if _is_mysql(house) else "main"
    statement = select(table.c.id).where(table.c.id < 111)
    translated = house.engine.execution_options(schema_translate_map={"here": own})
    for expected in (1, 0):
        with house.counting() as asked, translated.connect() as connection:
            assert house.queries.execute(connection, statement).scalars().all() == [110]
        assert len(asked) == expected
    with house.counting() as asked, house.sessions(bind=translated) as session:
        assert session.scalars(statement, execution_options=CACHED).all() == [110]
    assert asked == []
    with house.sessions.begin() as session:
        session.delete(session.get_one(Bet, 110))
    with translated.connect() as connection:
        assert house.queries.execute(connection, statement).all() == []


def test_two_processes_make_the_same_key(house: House, other_cache) -> None:  # type: ignore[no-untyped-def]
    with house.sessions() as session:
        own = house.queries.explain(session, OF_GUILD)
    house.queries.detach_session(house.sessions)
    others = QueryCache(other_cache, Base.metadata)
    others.attach(house.engine)
    others.attach_session(house.sessions)
    with house.sessions() as session:
        assert others.explain(session, OF_GUILD) == own
    others.detach_session(house.sessions)
    others.detach(house.engine)
    house.queries.attach_session(house.sessions)
    assert own.key is not None
    assert own.tags == ("t:*", "t:bets", "t:bets:guild_id=#1")


def test_a_wish_for_a_category_and_a_lifetime_is_granted(house: House) -> None:
    wish = CacheFor(category=Category.GUILD_DATA)
    with house.sessions() as session:
        house.rows(OF_GUILD, cache=wish)
        session.execute(OF_GUILD, execution_options={"cache": wish})
        with pytest.raises(TypeError, match="must be True, a timedelta or a CacheFor"):
            session.execute(OF_GUILD, execution_options={"cache": "yes"})
    counts = house.cache.stats.snapshot()
    assert counts[Category.GUILD_DATA].hits == 1
    assert counts[Category.GUILD_DATA].misses == 1


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.name)
def test_the_tags_of_a_query_are_those_that_writes_bump(query, sqlite_engine, cache) -> None:  # type: ignore[no-untyped-def]
    house = House(sqlite_engine, cache)
    with sqlite_engine.connect() as connection:
        explained = house.queries.explain(connection, query.statement)
    house.close()
    assert set(explained.tags) == set(query.tags)


# One of each kind: pinned to a key, to a scope, to none; of one table, and of several.
CHOSEN = [
    query
    for query in queries()
    if query.name
    in {
        *("all bets", "all guilds", "all members", "all teams", "all audit", "all leagues"),
        *("open bets", "bets of 1", "bets of 1/11", "bets of 2", "bet 111", "bet 210", "bet 777"),
        *("legs of 111", "legs of guild 1", "label 1", "day 1", "note 1", "points of 1/10"),
    }
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_write_changes_what_cached_queries_return(case: Case, house: House) -> None:
    if house.engine.dialect.name not in case.on:
        return
    asked = CHOSEN
    for query in asked:
        house.rows(query.statement)
    with house.sessions() as session:
        case.write(session)
        session.commit()
    house.engine.dispose()  # who runs a text that is not seen may have a state of its own
    wrong = {q.name for q in asked if house.rows(q.statement) != house.direct(q.statement)}
    assert not wrong
    with house.counting() as again:
        for query in asked:
            house.rows(query.statement)
    assert again == []


def test_a_view_depends_on_the_tables_that_it_reads(house: House) -> None:
    with house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW won AS SELECT id FROM bets WHERE state = 'won'")
        connection.exec_driver_sql("CREATE VIEW winners AS SELECT id AS number FROM won")
    try:
        statement = text("SELECT number FROM winners")
        assert house.rows(statement) == []
        with house.sessions.begin() as session:
            session.execute(update(Bet).where(Bet.id == 110).values(state="won"))
        for expected in (1, 0):
            with house.counting() as asked:
                assert house.rows(statement) == [(110,)]
            assert len(asked) == expected
        with house.engine.begin() as connection:
            connection.exec_driver_sql("DROP VIEW won")
            connection.exec_driver_sql("CREATE VIEW won AS SELECT id FROM guilds WHERE id = 1")
        assert house.rows(statement) == [(1,)]
        with house.sessions.begin() as session:
            session.delete(session.get_one(Guild, 1))
        assert house.rows(statement) == []
    finally:
        with house.engine.begin() as connection:
            connection.exec_driver_sql("DROP VIEW winners")
            connection.exec_driver_sql("DROP VIEW won")


def test_a_view_of_which_little_is_known_is_not_cached(house: House) -> None:
    clock = "NOW()" if house.engine.dialect.name == "mysql" else "datetime('now')"
    with house.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE VIEW watch AS SELECT {clock} AS now")
    try:
        with house.sessions() as session:
            assert house.refused(session, text("SELECT * FROM watch")) is Reason.NOT_UNDERSTOOD
    finally:
        with house.engine.begin() as connection:
            connection.exec_driver_sql("DROP VIEW watch")


def test_everything_can_be_forgotten_at_once(house: House) -> None:
    house.rows(OF_GUILD)
    assert house.queries.forget_all()
    with house.counting() as asked:
        house.rows(OF_GUILD)
    assert len(asked) == 1


def test_a_session_that_is_detached_asks_the_database(house: House) -> None:
    house.rows(OF_GUILD)
    house.queries.detach_session(house.sessions)
    with house.counting() as asked:
        house.rows(OF_GUILD)
    house.queries.attach_session(house.sessions)
    assert len(asked) == 1


def test_a_query_cannot_be_cached_that_has_no_session_of_ours(house: House) -> None:
    with sessionmaker(house.engine)() as session:
        explained = house.queries.explain(session, OF_GUILD)
    assert explained.refusal is not None
    assert explained.refusal.reason is Reason.NOT_ATTACHED


def test_one_session_alone_may_be_attached(house: House) -> None:
    with Session(house.engine) as session:
        house.queries.attach_session(session)
        session.execute(OF_GUILD, execution_options=CACHED).all()
        session.rollback()
        with house.counting() as asked:
            session.execute(OF_GUILD, execution_options=CACHED).all()
        house.queries.detach_session(session)
    assert asked == []
