"""When the cache is told what a transaction changed, and when not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    create_mock_engine,
    event,
    exc,
    insert,
    text,
    update,
)

from dbsbm.errors import ConfigError
from dbsbm.querycache.writing.connections import has_snapshot, isolation, wrote
from dbsbm.querycache.writing.transactions import Transactions
from tests.unit.querycache.conftest import BET_1, BETS, GUILDS, Attach
from tests.unit.querycache.tagstore import TagStore

WRITE = update(BETS).where(BETS.c.id == 1).values(state="won")


def _verbs(store: TagStore) -> list[str]:
    return [verb for verb, _ in store.told]


def _tags(store: TagStore) -> list[set[str]]:
    return [set(tags) for _, tags in store.told]


@pytest.mark.usefixtures("transactions")
def test_the_guard_comes_before_the_commit_and_the_release_after_it(
    engine: Engine, store: TagStore
) -> None:
    order: list[str] = []
    connection = engine.connect()
    connection.connection.dbapi_connection.set_trace_callback(order.append)  # type: ignore[union-attr]
    original, told = store.guard, store.release
    store.guard = lambda *a, **k: (order.append("guard"), original(*a, **k))[1]  # type: ignore[method-assign]
    store.release = lambda *a: (order.append("release"), told(*a))[1]  # type: ignore[method-assign]
    with connection, connection.begin():
        connection.execute(WRITE)
    assert order[-3:] == ["guard", "COMMIT", "release"]
    assert _tags(store) == [BET_1, BET_1]


@pytest.mark.usefixtures("transactions")
def test_a_transaction_that_only_reads_tells_nothing(engine: Engine, store: TagStore) -> None:
    with engine.begin() as connection:
        connection.execute(BETS.select())
        connection.execute(text("PRAGMA foreign_keys"))
    assert store.told == []


@pytest.mark.usefixtures("transactions")
def test_savepoints_keep_and_drop_what_was_written_in_them(engine: Engine, store: TagStore) -> None:
    with engine.begin() as connection:
        with connection.begin_nested():
            connection.execute(WRITE)
        undone = connection.begin_nested()
        inner = connection.begin_nested()
        connection.execute(insert(GUILDS).values(id=8))
        inner.commit()
        undone.rollback()
    assert _tags(store) == [BET_1, BET_1]


@pytest.mark.usefixtures("transactions")
def test_an_outer_savepoint_drops_what_an_inner_one_still_holds(
    engine: Engine, store: TagStore
) -> None:
    with engine.begin() as connection:
        for sql in ("SAVEPOINT a", "SAVEPOINT b", "UPDATE bets SET state = 'x'", "ROLLBACK TO a"):
            connection.exec_driver_sql(sql)
    assert store.told == []


@pytest.mark.usefixtures("transactions")
def test_nothing_stays_with_a_connection_that_went_back_to_the_pool(
    engine: Engine, store: TagStore
) -> None:
    with engine.connect() as connection:
        connection.execute(WRITE)
        info = connection.info
    assert not [key for key in info if str(key).endswith("querycache")]
    with engine.begin() as connection:
        connection.execute(BETS.select())
    assert store.told == []


@pytest.mark.usefixtures("transactions")
def test_nothing_stays_with_a_connection_that_was_invalidated(
    engine: Engine, store: TagStore
) -> None:
    with engine.connect() as connection:
        connection.execute(WRITE)
        connection.invalidate()
        connection.rollback()
        assert not wrote(connection)
        connection.commit()
    assert store.told == []


@pytest.mark.usefixtures("transactions")
def test_one_connection_tells_of_each_of_its_transactions(engine: Engine, store: TagStore) -> None:
    with engine.connect() as connection:
        connection.execute(WRITE)
        connection.rollback()
        connection.execute(insert(GUILDS).values(id=8))
        connection.commit()
        connection.execute(WRITE)
        connection.commit()
    guild = {"t:guilds:*", "t:guilds:id=#8"}
    assert _tags(store) == [guild, guild, BET_1, BET_1]


def _fails(commit: Callable[[Any], None], *, first: bool) -> Callable[[Any], None]:
    def failing(connection: Any) -> None:
        if not first:
            commit(connection)
        raise exc.DBAPIError("COMMIT", None, OSError("the line is dead"))

    return failing


@pytest.mark.parametrize("first", [True, False])
def test_a_commit_of_unknown_outcome_counts_as_one(
    engine: Engine, store: TagStore, attach: Attach, *, first: bool
) -> None:
    commit = engine.dialect.do_commit
    engine.dialect.do_commit = _fails(commit, first=first)  # type: ignore[method-assign,assignment]
    attach()
    with pytest.raises(exc.DBAPIError), engine.begin() as connection:
        connection.execute(WRITE)
    assert _verbs(store) == ["guard", "release"]
    assert store.guards == {}


@pytest.mark.usefixtures("transactions")
def test_a_commit_that_another_listener_forbids_leaves_no_guard(
    engine: Engine, store: TagStore
) -> None:
    def forbid(_connection: Any) -> None:
        raise ValueError("not today")

    event.listen(engine, "commit", forbid)
    with pytest.raises(ValueError, match="today"), engine.begin() as connection:
        connection.execute(WRITE)
    event.remove(engine, "commit", forbid)
    assert store.guards == {}


@pytest.mark.usefixtures("transactions")
def test_what_another_listener_writes_at_the_commit_is_guarded_too(
    engine: Engine, store: TagStore
) -> None:
    def note(connection: Any) -> None:
        connection.execute(insert(GUILDS).values(id=9))

    event.listen(engine, "commit", note)
    with engine.begin() as connection:
        connection.execute(WRITE)
    event.remove(engine, "commit", note)
    assert {"t:guilds:id=#9", *BET_1} <= store.released
    guarded = [tags for verb, tags in store.told if verb == "guard"]
    assert {"t:guilds:*", *BET_1} <= set(guarded[-1])
    assert store.guards == {}


@pytest.fixture
def alone(engine: Engine, store: TagStore) -> Iterator[Engine]:
    """The same database, on connections that commit each statement."""
    alone = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    Transactions(store, BETS.metadata).attach(alone)
    yield alone
    alone.dispose()


def test_each_statement_is_told_of_where_it_commits_by_itself(
    alone: Engine, store: TagStore
) -> None:
    with alone.connect() as connection:
        connection.exec_driver_sql("UPDATE bets SET state = 'x' WHERE id = 1")
        assert _verbs(store) == ["guard", "release"]
        assert not wrote(connection)
        assert not has_snapshot(connection)
        assert isolation(connection) == "AUTOCOMMIT"
        connection.exec_driver_sql("BEGIN")
        assert isolation(connection) == "SERIALIZABLE"
        connection.commit()
    assert _tags(store) == [{"t:bets"}, {"t:bets"}]


def test_a_statement_that_fails_on_its_own_leaves_no_guard(alone: Engine, store: TagStore) -> None:
    with (
        alone.connect() as connection,
        pytest.raises(exc.IntegrityError),
    ):
        connection.execute(insert(BETS).values(id=1))
    assert _verbs(store) == ["guard", "release"]
    assert store.guards == {}


def test_a_transaction_in_text_is_one(alone: Engine, store: TagStore) -> None:
    with alone.connect() as connection:
        for sql in ("BEGIN", "UPDATE bets SET state = 'x' WHERE id = 1", "ROLLBACK"):
            connection.exec_driver_sql(sql)
        assert store.told == []
        for sql in ("BEGIN", "UPDATE bets SET state = 'x' WHERE id = 1"):
            connection.exec_driver_sql(sql)
        assert wrote(connection)
        connection.exec_driver_sql("COMMIT")
    assert _tags(store) == [BET_1, BET_1]


def test_a_savepoint_without_a_transaction_commits_with_its_end(
    alone: Engine, store: TagStore
) -> None:
    with alone.connect() as connection:
        for sql in ("SAVEPOINT a", "UPDATE bets SET state = 'x' WHERE id = 1", "RELEASE a"):
            connection.exec_driver_sql(sql)
    assert store.released == BET_1


def test_a_connection_that_pysqlite_begins_is_watched_as_well(store: TagStore) -> None:
    engine = create_engine("sqlite://")
    metadata = MetaData()
    table = Table("bets", metadata, Column("id", Integer, primary_key=True))
    metadata.create_all(engine)
    Transactions(store, metadata).attach(engine)
    with engine.connect() as connection:
        connection.execute(insert(table).values(id=1))
        assert store.told == []
        connection.commit()
    assert store.released == {"t:bets:*", "t:bets:id=#1"}


@pytest.mark.usefixtures("transactions")
def test_a_transaction_knows_whether_it_wrote_and_has_its_snapshot(
    engine: Engine,
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        assert not has_snapshot(connection)
        assert not wrote(connection)
        connection.execute(BETS.select())
        assert has_snapshot(connection)
        assert not wrote(connection)
        savepoint = connection.begin_nested()
        connection.execute(WRITE)
        assert wrote(connection)
        savepoint.rollback()
        assert not wrote(connection)
        connection.execute(WRITE)
        transaction.commit()
        assert not wrote(connection)
    with engine.begin() as connection:
        assert not has_snapshot(connection)
        assert isolation(connection) == "SERIALIZABLE"


def test_a_write_of_a_table_with_triggers_changes_theirs_too(
    engine: Engine, store: TagStore, attach: Attach
) -> None:
    attach(also={"bets": ["audit"], "audit": ["GUILDS"]})
    with engine.begin() as connection:
        connection.execute(WRITE)
    assert store.released == {*BET_1, "t:audit", "t:guilds"}


@pytest.mark.usefixtures("transactions")
def test_a_name_that_is_not_known_may_be_a_view(engine: Engine, store: TagStore) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE scratch (a INTEGER)")
    store.told.clear()
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO scratch (a) VALUES (1)")
    assert store.released == {"t:*"}


def test_what_is_not_seen_can_be_said(
    engine: Engine, store: TagStore, transactions: Transactions
) -> None:
    with engine.begin() as connection:
        connection.connection.cursor().execute("DELETE FROM guilds")
        transactions.changed(connection, "guilds")
    assert store.released == {"t:guilds", "t:bets"}


def test_an_engine_that_is_let_go_of_is_as_before(engine: Engine, store: TagStore) -> None:
    commit = engine.dialect.do_commit
    transactions = Transactions(store, BETS.metadata)
    transactions.attach(engine)
    transactions.detach(engine)
    with engine.begin() as connection:
        connection.execute(WRITE)
    assert store.told == []
    assert engine.dialect.do_commit == commit


def test_options_of_an_engine_do_not_hide_it(
    engine: Engine, store: TagStore, attach: Attach
) -> None:
    other = engine.execution_options(mine=True)
    attach()
    with other.begin() as connection:
        connection.execute(WRITE)
    assert store.released == BET_1


def test_a_dialect_that_is_not_understood_is_refused(store: TagStore) -> None:
    engine = create_mock_engine("postgresql+pg8000://", print)
    with pytest.raises(ConfigError, match="postgresql"):
        Transactions(store, BETS.metadata).attach(engine)


def test_a_driver_whose_parameters_are_not_understood_is_refused(
    engine: Engine, store: TagStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.dialect, "paramstyle", "numeric")
    with pytest.raises(ConfigError, match="pysqlite"):
        Transactions(store, BETS.metadata).attach(engine)


def test_tables_of_one_name_in_two_schemas_are_not_mistaken_for_each_other(
    store: TagStore, engine: Engine
) -> None:
    metadata = MetaData()
    Table("bets", metadata, Column("id", Integer, primary_key=True))
    Table("bets", metadata, Column("state", Integer, primary_key=True), schema="archive")
    transactions = Transactions(store, metadata)
    transactions.attach(engine)
    with engine.begin() as connection:
        connection.execute(WRITE)
    transactions.detach(engine)
    assert store.released == {"t:bets"}


@pytest.mark.usefixtures("transactions")
def test_a_driver_that_fills_nothing_in_keeps_percent_signs(
    engine: Engine, store: TagStore
) -> None:
    with engine.connect().execution_options(no_parameters=True) as connection:
        connection.exec_driver_sql("UPDATE bets SET state = '100%' WHERE id = 1")
        connection.commit()
    assert store.released == BET_1
