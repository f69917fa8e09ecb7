from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, StatementError

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.migrate import upgrade
from dbsbm.db.models import Effect, Guild, League, LedgerEntry, MetricBatch
from dbsbm.errors import ConfigError, TransientError
from tests.integration.db.rows import a_bet, a_guild
from tests.servers import MariaDBServer


def test_times_come_back_as_they_went_in(database: Database) -> None:
    moment = datetime(2026, 11, 22, 19, 30, 1, 123456, tzinfo=timezone(timedelta(hours=-5)))
    database.transact(lambda s: s.add(MetricBatch(taken_at=moment, id="b", samples=1)))
    with database.read() as session:
        stored = session.scalars(select(MetricBatch)).one().taken_at
    assert stored == moment
    assert stored.tzinfo is UTC


def test_a_naive_time_is_refused(database: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point
    with pytest.raises(StatementError, match="without a zone"):
        database.transact(lambda s: s.add(MetricBatch(taken_at=naive, id="b", samples=1)))


def test_units_are_exact_and_add_up_in_sql(database: Database) -> None:
    bet = database.transact(a_bet)

    def add(session):
        for version in range(10):
            session.add(
                LedgerEntry(
                    guild_id=bet.guild_id,
                    user_id=1,
                    bet_id=bet.id,
                    kind="correction",
                    amount=Decimal("0.1"),
                    result_version=version,
                    created_at=datetime.now(UTC),
                )
            )

    database.transact(add)
    with database.read() as session:
        assert session.scalar(select(func.sum(LedgerEntry.amount))) == Decimal("1.0")


def test_more_places_than_the_column_has_are_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="more than 4 decimal places"):
        database.transact(lambda s: a_guild(s, max_units=Decimal("1.00001")))


def test_names_in_any_script_survive(database: Database) -> None:
    name = "始皇帝 محمد 👩‍👩‍👧‍👦 é"
    database.transact(lambda s: a_guild(s, name=name))
    with database.read() as session:
        assert session.scalars(select(Guild)).one().name == name


def test_a_transaction_that_raises_writes_nothing_and_sends_nothing(migrated_url: str) -> None:
    sent: list[object] = []
    database = Database(SecretStr(migrated_url), on_commit=sent.append)

    def work(session):
        a_guild(session)
        outbox.add(session, dedupe_key="k", task="t", payload={}, trace_id="x")
        raise RuntimeError("after the writes")

    with pytest.raises(RuntimeError):
        database.transact(work)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Guild)) == 0
        assert session.scalar(select(func.count()).select_from(Effect)) == 0
    assert sent == []
    database.dispose()


def test_two_writers_of_one_unique_key_end_with_one_row(database: Database) -> None:
    barrier = threading.Barrier(8)
    now = datetime.now(UTC)

    def write(session):
        if session.get(League, "nfl") is None:
            session.add(League(key="nfl", name="NFL", sport="football", updated_at=now))

    def run() -> None:
        barrier.wait()
        database.transact(write)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(League)) == 1


def test_a_key_that_stays_taken_is_an_error_of_the_caller(database: Database) -> None:
    database.transact(lambda s: a_guild(s, id=7))
    with pytest.raises(IntegrityError):
        database.transact(lambda s: a_guild(s, id=7))


def test_counters_lose_no_update_under_concurrent_writers(database: Database) -> None:
    database.transact(lambda s: a_guild(s, id=7, max_units=Decimal(0)))

    def increment(session):
        guild = session.get(Guild, 7, with_for_update=True)
        guild.max_units += 1

    def run() -> None:
        for _ in range(10):
            database.transact(increment)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.get_one(Guild, 7).max_units == 40


def test_a_deadlock_within_a_savepoint_is_run_again(mariadb: MariaDBServer) -> None:
    with mariadb.fresh_database() as url:
        upgrade(SecretStr(url))
        database = Database(SecretStr(url))
        for guild in (1, 2):
            database.transact(lambda s: a_guild(s, id=guild, max_units=Decimal(0)))  # noqa: B023
        barrier = threading.Barrier(2)
        first_try = {(1, 2), (2, 1)}

        def increment(session, order) -> None:
            with session.begin_nested():
                session.get(Guild, order[0], with_for_update=True).max_units += 1
                if order in first_try:
                    first_try.remove(order)
                    barrier.wait()
                session.get(Guild, order[1], with_for_update=True).max_units += 1

        with ThreadPoolExecutor() as pool:
            orders = list(first_try)
            runs = [pool.submit(database.transact, lambda s, o=o: increment(s, o)) for o in orders]
            for run in runs:
                run.result()
        with database.read() as session:
            assert session.scalars(select(Guild.max_units)).all() == [2, 2]
        database.dispose()


def test_a_stopped_database_is_a_transient_error_and_heals(mariadb: MariaDBServer) -> None:
    with mariadb.fresh_database() as url:
        upgrade(SecretStr(url))
        database = Database(SecretStr(url))
        database.transact(a_guild)
        mariadb.stop()
        with pytest.raises(TransientError):
            database.transact(lambda s: a_guild(s, id=2))
        with pytest.raises(TransientError), database.read() as session:
            session.scalars(select(Guild)).all()
        mariadb.restart()
        database.transact(lambda s: a_guild(s, id=3))
        with database.read() as session:
            assert set(session.scalars(select(Guild.id))) == {1, 3}
        database.dispose()


def test_a_wrong_password_does_not_show_the_password() -> None:
    database = Database(SecretStr("mysql+pymysql://someone:hunter2@127.0.0.1:1/none"))
    with pytest.raises(TransientError) as caught:
        database.transact(a_guild)
    assert "hunter2" not in repr(caught.value) + repr(database.engine)


def test_an_sqlite_address_without_a_file_is_refused() -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Database(SecretStr("sqlite://"))
