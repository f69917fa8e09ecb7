"""What is read of a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pymysql
import pytest

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.case import Case, Content, Plan
from dbsbm.optimizer.server.connection import (
    STATEMENT_SECONDS,
    Connection,
    QueryError,
    ServerAwayError,
    ServerRefusedError,
)
from dbsbm.optimizer.server.gaps import find_gaps
from dbsbm.optimizer.server.locks import read_deadlock, read_lock_waits, read_transactions
from dbsbm.optimizer.server.model import Column, ForeignKey, Index, IndexUse, Load, Part
from dbsbm.optimizer.server.snapshot import read_case
from tests.integration.optimizer.shop import (
    BETS,
    DAY,
    PASSWORD,
    USERS,
    connect,
    name_of,
    open_shop,
    session,
)
from tests.servers import DatabaseServer, MariaDBServer, free_port
from tests.servers.waiting import wait_until


@pytest.fixture(scope="module")
def shop(_private_mariadb: MariaDBServer) -> Iterator[str]:
    _private_mariadb.renew()
    with open_shop(_private_mariadb) as url:
        yield url


@pytest.fixture
def server(shop: str) -> Iterator[Connection]:
    with connect(shop) as server:
        yield server


def loads(case: Case, begin: str) -> list[Load]:
    return [each for each in case.load if each.text.startswith(begin)]


def plan_of(case: Case, begin: str) -> Plan:
    (load,) = loads(case, begin)
    assert case.ask is not None
    plan = case.ask.plan(load)
    assert isinstance(plan, Plan), plan
    return plan


def text(name: str, length: int, charset: str = "utf8mb4", **fields: object) -> Column:
    kind = f"varchar({length})"
    collation = "latin1_swedish_ci" if charset == "latin1" else f"{charset}_general_ci"
    return Column(name, kind, "varchar", length=length, charset=charset, collation=collation,
                  **fields)  # type: ignore[arg-type]  # fmt: skip


def test_tables_are_read_as_they_are(shop: str, server: Connection) -> None:
    schema = name_of(shop)
    tables = read_case(server, since=DAY).snapshot.tables
    assert set(tables) == {(schema, "users"), (schema, "bets")}

    users = tables[schema, "users"]
    assert users.columns["phone"] == text(
        "phone",
        20,
        "latin1",
        definition="varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL",
    )
    assert users.columns["name"] == text(
        "name", 40, nullable=False, definition="varchar(40) NOT NULL"
    )
    assert users.columns["id"] == Column(
        "id", "int(10) unsigned", "int", nullable=False, auto_increment=True,
        definition="int(10) unsigned NOT NULL AUTO_INCREMENT",
    )  # fmt: skip
    assert (users.engine, users.collation) == ("InnoDB", "utf8mb4_general_ci")
    assert users.next_number is not None
    assert users.next_number > USERS

    bets = tables[schema, "bets"]
    assert bets.columns["doubled"].is_generated
    assert not bets.columns["amount"].is_generated
    assert BETS * 0.8 < bets.rows < BETS * 1.2
    assert bets.bytes > 100_000
    assert bets.index_bytes > 10_000
    assert bets.foreign_keys == (
        ForeignKey(
            "of_user", ("user_id",), schema, "users", ("id",),
            "CONSTRAINT `of_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) "
            "ON DELETE CASCADE",
        ),
    )  # fmt: skip


def test_indexes_are_read_as_they_are(shop: str, server: Connection) -> None:
    bets = read_case(server, since=DAY).snapshot.tables[name_of(shop), "bets"]
    known = {index.name: index for index in bets.indexes}
    assert set(known) == {"PRIMARY", "by_state", "by_note", "by_amount", "of_user"}
    assert known["PRIMARY"].unique
    assert known["PRIMARY"].parts == (Part("id"),)
    assert known["by_state"].parts == (Part("state"), Part("placed", descending=True))
    assert known["by_note"].parts == (Part("note", prefix=5),)
    assert {name for name, index in known.items() if not index.enabled} == {"by_amount"}
    assert known["by_amount"].definition == "KEY `by_amount` (`amount`) IGNORED"
    assert known["by_state"].definition == "KEY `by_state` (`state`,`placed` DESC)"
    assert all(isinstance(index, Index) and index.bytes for index in known.values())
    assert known["of_user"].cardinality is not None
    assert USERS * 0.5 < known["of_user"].cardinality < USERS * 2


def test_load_is_counted_and_our_own_statements_are_not_part_of_it(shop: str) -> None:
    with session(shop) as cursor:
        for number in range(7):
            cursor.execute(f"SELECT id FROM bets WHERE amount = {number} AND state <> '{PASSWORD}'")
        cursor.execute(f"SELECT 1 FROM {name_of(shop)}.users LIMIT 3")
    with connect(shop) as server:
        case = read_case(server, since=DAY)
        assert case.ask is not None
        for load in case.load:
            case.ask.plan(load)
        for table in case.snapshot.tables.values():
            case.ask.distinct(table, ["id"])
        case.ask.distinct(case.snapshot.tables[name_of(shop), "bets"], ["amount", "state"])
        before = {load.digest for load in case.load}
        case = read_case(server, since=DAY)

    (load,) = loads(case, "SELECT ID FROM `bets` WHERE `amount`")
    assert (load.calls, load.rows_examined, load.unindexed) == (7, 7 * BETS, 7)
    assert load.rows_sent == 7 * BETS // 40
    assert load.seconds > 0
    assert load.schema == name_of(shop)
    assert load.last_seen is not None
    assert abs(load.last_seen - datetime.now(UTC)) < timedelta(minutes=5)
    assert case.shapes[load.digest].predicates[0].column.column == "amount"
    assert {each.digest for each in case.load} == before
    assert not [each for each in case.load if PASSWORD in repr(each)]


def test_statements_before_the_window_are_left_out(shop: str, server: Connection) -> None:
    with session(shop) as cursor:
        cursor.execute("SELECT id FROM users WHERE bio = 'x'")
        wait_until(lambda: not loads(read_case(server, since=timedelta(seconds=1)), "SELECT ID "
                                     "FROM `users` WHERE `bio`"), 10)  # fmt: skip
    assert loads(read_case(server, since=DAY), "SELECT ID FROM `users` WHERE `bio`")


def test_a_statement_without_a_schema_is_known_by_the_schema_that_it_names(shop: str) -> None:
    schema = name_of(shop)
    server_url = shop.replace(f"/{schema}", "/")
    with session(server_url) as cursor:
        cursor.execute(f"SELECT name FROM {schema}.users WHERE secret = 'x'")
    with connect(shop) as server:
        case = read_case(server, since=DAY)
    (load,) = loads(case, f"SELECT NAME FROM `{schema}`")
    assert load.schema == ""
    assert case.shapes[load.digest].sources[0].table == "users"


def test_all_schemas_are_read_where_the_address_names_none(
    shop: str, mariadb: MariaDBServer
) -> None:
    with open_shop(mariadb, users=1, bets=1) as other:
        for url in (shop, other):
            with session(url) as cursor:
                cursor.execute("SELECT name FROM users WHERE phone = 5")
        with connect(shop.replace(f"/{name_of(shop)}", "/")) as server:
            case = read_case(server, since=DAY)
    schemas = {schema for schema, _ in case.snapshot.tables}
    assert {name_of(shop), name_of(other)} <= schemas
    assert not schemas & {"mysql", "sys", "performance_schema", "information_schema"}
    both = loads(case, "SELECT NAME FROM `users` WHERE `phone`")
    assert len({load.digest for load in both}) == len(both) == 2
    assert len({load.digest.split("@")[0] for load in both}) == 1


def test_a_text_that_the_server_cut_off_is_not_taken_for_a_whole_one(shop: str) -> None:
    names = [f"a_name_that_is_of_some_length_{number:03}" for number in range(40)]
    where = " AND ".join(f"state <> '{name}'" for name in names)
    with session(shop) as cursor:
        # of each length at which a digest may end
        for count in range(17, 25):
            columns = ", ".join(f"id AS {name}" for name in names[:count])
            cursor.execute(f"SELECT {columns} FROM bets WHERE {where} AND user_id = 5")
    with connect(shop) as server:
        case = read_case(server, since=DAY)
        cut = loads(case, "SELECT ID AS `a_name_that_is_of_some_length_000`")
        gaps = find_gaps(cut, case.shapes.keys(), 0.0)
    assert len(cut) == 8
    assert all(each.text.endswith("...") for each in cut)
    assert not any(each.digest in case.shapes for each in cut)
    (gap,) = gaps  # and none about runs: a statement that reads few rows needs none
    assert "8 kinds of statements, 100% of the time, are cut off: put max_digest_length" in gap


def test_uses_of_indexes_are_counted(shop: str) -> None:
    with connect(shop) as server:
        before = read_case(server, since=DAY).snapshot.index_use
    with session(shop) as cursor:
        cursor.execute("SELECT id FROM users WHERE name = 'user 7'")
        cursor.execute("UPDATE users SET phone = '1' WHERE id = 3")
    with connect(shop) as server:
        after = read_case(server, since=DAY).snapshot.index_use
    key = (name_of(shop), "users", "by_name")
    assert not isinstance(before, Missing)
    assert not isinstance(after, Missing)
    assert after[key].reads - before[key].reads == 1
    assert after[key].writes - before[key].writes == 1
    unread = after[name_of(shop), "bets", "by_amount"]
    assert unread == IndexUse(0, unread.writes)
    assert unread.writes >= BETS


def test_plans_are_asked_for_with_typical_values(shop: str) -> None:
    with session(shop) as cursor:
        cursor.execute("SELECT note FROM bets WHERE amount = 7 ORDER BY placed LIMIT 3")
        cursor.execute("SELECT amount FROM bets WHERE state = 'won' AND placed > '2026-01-02'")
        cursor.execute("SELECT u.name FROM users u JOIN bets b ON b.user_id = u.id "
                       "WHERE u.name IN ('user 1', 'user 2') FOR UPDATE")  # fmt: skip
        cursor.execute("UPDATE bets SET note = 'x' WHERE user_id = 1999999")
        cursor.execute("DELETE FROM bets WHERE amount = 99999")
        cursor.execute("SELECT id FROM bets WHERE (user_id, state) IN ((1, 'x'), (2, 'y'))")
    with connect(shop) as server:
        case = read_case(server, since=DAY)
        assert "No run of any statement is known" in case.snapshot.gaps[0]
        scan = plan_of(case, "SELECT `note`")
        assert (scan.accesses[0].type, scan.accesses[0].source, scan.sorts) == ("ALL", "bets", True)
        assert scan.accesses[0].rows > BETS * 0.8
        ranged = plan_of(case, "SELECT `amount` FROM `bets` WHERE `state`")
        assert (ranged.accesses[0].key, ranged.sorts) == ("by_state", False)
        assert ranged.accesses[0].key_parts[0] == "state"
        joined = plan_of(case, "SELECT `u`")
        assert [(each.source, each.key) for each in joined.accesses] == [
            ("u", "by_name"),
            ("b", "of_user"),
        ]
        assert plan_of(case, "UPDATE `bets`").accesses[0].key == "of_user"
        assert plan_of(case, "DELETE FROM `bets`").accesses[0].type == "ALL"
        assert plan_of(case, "SELECT ID FROM `bets` WHERE ( `user_id`").accesses[0].key == "of_user"
        (insert,) = loads(case, "INSERT INTO `users`")
        assert case.ask is not None
        assert isinstance(case.ask.plan(insert), Missing)


def test_typical_values_are_of_every_type(shop: str) -> None:
    where = "token = 'x' AND born > '2000-01-01' AND wakes < '8:00' AND mood = 'sad' AND bio = 'x'"
    with session(shop) as cursor:
        cursor.execute(f"SELECT id FROM users WHERE {where} AND phone LIKE 'x'")
    with connect(shop) as server:
        plan = plan_of(read_case(server, since=DAY), "SELECT ID FROM `users` WHERE `token`")
    assert plan.accesses[0].type == "ALL"


def test_runs_tell_of_kinds_of_values(shop: str, mariadb: MariaDBServer) -> None:
    consumers = "'events_statements_current', 'events_statements_history'"

    def switch(state: str) -> None:
        with mariadb.cursor() as cursor:
            cursor.execute("UPDATE performance_schema.setup_consumers SET enabled = %s "
                           f"WHERE name IN ({consumers})", (state,))  # fmt: skip

    switch("YES")
    try:
        with session(shop) as cursor:
            cursor.execute("SELECT bio FROM users WHERE phone = 8001234 LIMIT 10 OFFSET 150")
            with connect(shop) as server:
                case = read_case(server, since=DAY)
                plan = plan_of(case, "SELECT `bio` FROM `users` WHERE `phone`")
    finally:
        switch("NO")
    (load,) = loads(case, "SELECT `bio` FROM `users` WHERE `phone`")
    shape = case.shapes[load.digest]
    assert [each.operand.name for each in shape.predicates] == ["NUMBER"]
    assert (shape.limit, shape.offset) == (10, 150)
    assert plan.accesses[0].type == "ALL"
    assert "8001234" not in repr((load, shape, plan))


def test_distinct_values_are_known_or_estimated(shop: str) -> None:
    with connect(shop) as server:
        case = read_case(server, since=DAY)
        bets = case.snapshot.tables[name_of(shop), "bets"]
        assert case.ask is not None
        found = {
            columns: case.ask.distinct(bets, columns.split())
            for columns in ("id", "id state", "amount", "amount state", "note", "user_id amount")
        }
    assert found["id"] == found["id state"] == bets.rows
    assert found["amount"] == 40
    assert found["amount state"] == 120
    assert found["note"] == 1
    assert isinstance(found["user_id amount"], int)
    assert 150 <= found["user_id amount"] <= 400


def test_a_sample_tells_how_many_rows_have_no_value(shop: str) -> None:
    with session(shop) as cursor:
        cursor.execute(
            "CREATE TABLE outbox (id int PRIMARY KEY, sent int, failed int, KEY by_sent (sent))"
        )
        cursor.execute("INSERT INTO outbox SELECT id, IF(id % 10, id, NULL), NULL FROM bets")
    with connect(shop) as server:
        case = read_case(server, since=DAY)
        assert case.ask is not None
        outbox = case.snapshot.tables[name_of(shop), "outbox"]
        assert case.ask.nulls(outbox, "sent") == pytest.approx(0.1)
        assert case.ask.nulls(outbox, "failed") == 1
        reads = read_case(server, since=DAY).snapshot.index_use
    assert not isinstance(reads, Missing)
    assert reads[name_of(shop), "outbox", "by_sent"].reads == 0


def test_a_sample_tells_what_values_look_like_and_touches_no_other_index(shop: str) -> None:
    with session(shop) as cursor:
        cursor.execute(
            "CREATE TABLE notes (id int PRIMARY KEY, day varchar(20), at char(19), number "
            "varchar(9), mixed varchar(12), price float, level double, body varchar(900), "
            "KEY by_day (day))"
        )
        cursor.execute(
            "INSERT INTO notes SELECT id, DATE('2026-01-01') + INTERVAL id DAY, "
            "'2026-01-01 10:00:00' + INTERVAL id MINUTE, id * 3, "
            "IF(id % 2, id / 4, CONCAT('0', id)), id + 0.37, id / 7, 'x' FROM bets"
        )
    with connect(shop) as server:
        case = read_case(server, since=DAY)
        assert case.ask is not None
        notes = case.snapshot.tables[name_of(shop), "notes"]
        found = {name: case.ask.content(notes, name) for name in notes.columns}
        reads = read_case(server, since=DAY).snapshot.index_use
    assert found["day"] == Content(200, days=200)
    assert found["at"] == Content(200, moments=200)
    assert found["number"] == Content(200, integers=200)
    assert found["mixed"] == Content(200, decimals=100)
    assert found["price"] == Content(200, fractions=200, cents=200)
    assert isinstance(found["level"], Content)
    assert found["level"].cents < 50
    assert isinstance(found["body"], Missing)
    assert not isinstance(reads, Missing)
    assert reads[name_of(shop), "notes", "by_day"].reads == 0


def test_a_session_only_reads_and_soon_gives_up(server: Connection) -> None:
    with pytest.raises(QueryError, match="1792"), server.within(server.schema):
        server.run("DELETE FROM bets")
    (row,) = server.rows("SELECT @@max_statement_time AS most, @@lock_wait_timeout AS locks")
    assert (row["most"], row["locks"]) == (STATEMENT_SECONDS, 1)
    server.run("SET SESSION max_statement_time = 0.01")
    with pytest.raises(QueryError) as stopped:
        server.rows("SELECT SLEEP(5)")
    assert stopped.value.took_too_long


# --- locks ----------------------------------------------------------------------------------------


def wait_for_a_wait(server: Connection) -> None:
    # InnoDB renews what it tells of transactions only when nobody has asked for 0.1 seconds.
    wait_until(lambda: bool(read_lock_waits(server)), 20, interval=0.2)


def test_who_waits_for_whom_is_seen_without_values(shop: str, server: Connection) -> None:
    with session(shop) as holder, session(shop) as waiter:
        holder.execute("BEGIN")
        holder.execute("UPDATE users SET secret = 'a' WHERE id = 1")
        waiter.execute("SET innodb_lock_wait_timeout = 30")
        blocked = threading.Thread(
            target=waiter.execute, args=(f"UPDATE users SET bio = '{PASSWORD}' WHERE id = 1",)
        )
        blocked.start()
        try:
            wait_for_a_wait(server)
            waits, open_ones = read_lock_waits(server), read_transactions(server)
        finally:
            holder.execute("ROLLBACK")
            blocked.join()
    assert not isinstance(waits, Missing)
    assert [(each.waiting, each.blocking) for each in waits] == [
        ("UPDATE users SET bio = ? WHERE id = ?", "")
    ]
    assert 0 <= waits[0].seconds < 30
    assert not isinstance(open_ones, Missing)
    assert {each.changed_rows for each in open_ones} == {0, 1}
    (idle,) = [each for each in open_ones if each.changed_rows]
    assert 0 <= idle.seconds < 60


@pytest.fixture
def forgetful(_private_mariadb: MariaDBServer) -> Iterator[None]:
    """Has the server forget the deadlock afterwards: it is told to whoever looks at any schema."""
    yield
    _private_mariadb.stop()
    _private_mariadb.start()


@pytest.mark.usefixtures("forgetful")
def test_the_last_deadlock_is_seen_without_values(shop: str, server: Connection) -> None:
    def change(cursor: pymysql.cursors.Cursor, column: str, number: int) -> None:
        with suppress(pymysql.err.OperationalError):  # one of both is chosen to be rolled back
            cursor.execute(f"UPDATE users SET {column} = '{PASSWORD}' WHERE id = {number}")

    with session(shop) as one, session(shop) as other:
        for cursor, number in ((one, 1), (other, 2)):
            cursor.execute("BEGIN")
            cursor.execute(f"UPDATE users SET bio = 'x' WHERE id = {number}")
        thread = threading.Thread(target=change, args=(one, "secret", 2))
        thread.start()
        wait_for_a_wait(server)
        change(other, "phone", 1)
        other.execute("ROLLBACK")
        thread.join()
        one.execute("ROLLBACK")
    deadlock = read_deadlock(server)
    assert deadlock is not None
    assert not isinstance(deadlock, Missing)
    assert set(deadlock.statements) == {
        "UPDATE users SET secret = ? WHERE id = ?",
        "UPDATE users SET phone = ? WHERE id = ?",
    }
    assert deadlock.at is not None
    assert abs(deadlock.at - datetime.now(UTC)) < timedelta(minutes=2)


# --- what may not be read, or is not there --------------------------------------------------------


@pytest.fixture
def guest(mariadb: MariaDBServer, shop: str) -> Iterator[str]:
    """The URL of a user who may read nothing yet."""
    with mariadb.cursor() as cursor:
        cursor.execute(f"CREATE USER guest@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    yield f"mysql://guest:{PASSWORD}@127.0.0.1:{mariadb.port}/{name_of(shop)}"
    with mariadb.cursor() as cursor:
        cursor.execute("DROP USER guest@'127.0.0.1'")


def test_a_user_who_sees_nothing_is_told_what_to_grant(guest: str, shop: str) -> None:
    with connect(guest) as server, pytest.raises(ServerRefusedError) as refused:
        read_case(server, since=DAY)
    assert f"GRANT SELECT, SHOW VIEW ON `{name_of(shop)}`.* TO `guest`@`127.0.0.1`" in str(
        refused.value
    )
    everywhere = guest.replace(name_of(shop), "")
    with connect(everywhere) as server, pytest.raises(ServerRefusedError, match="sees no schema"):
        read_case(server, since=DAY)


def test_what_a_user_may_not_read_is_missing_with_the_grant_for_it(
    guest: str, shop: str, mariadb: MariaDBServer
) -> None:
    with mariadb.cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON {name_of(shop)}.* TO guest@'127.0.0.1'")
    with connect(guest) as server:
        snapshot = read_case(server, since=DAY).snapshot
    assert {"users", "bets"} <= {name for _, name in snapshot.tables}
    for part, privilege in (
        (snapshot.load, "SELECT ON `performance_schema`.*"),
        (snapshot.index_use, "SELECT ON `performance_schema`.*"),
        (snapshot.deadlock, "PROCESS ON *.*"),
        (snapshot.transactions, "PROCESS ON *.*"),
        (snapshot.lock_waits, "PROCESS ON *.*"),
    ):
        assert isinstance(part, Missing)
        assert f"run GRANT {privilege} TO `guest`@`127.0.0.1`." in part.reason


def test_addresses_that_lead_nowhere_are_clear_and_keep_their_secrets(shop: str) -> None:
    port = free_port()
    for url, error, sentence in (
        (f"mysql://u:{PASSWORD}@127.0.0.1:{port}/x", ServerAwayError, f"127.0.0.1:{port}"),
        (shop.replace("://dbsbm_tests", "://nobody"), ServerRefusedError, "the user 'nobody'"),
        (shop.replace(name_of(shop), "nothing"), ServerRefusedError, "no schema nothing"),
        (shop.replace(name_of(shop), "mysql"), ServerRefusedError, "belongs to the server itself"),
        (f"{shop.partition('?')[0]}?ssl_ca=/nothing", ServerRefusedError, "names for TLS"),
        (f"postgresql://u:{PASSWORD}@h/x", ServerRefusedError, "Only MySQL and MariaDB"),
        (f"mysql://u:{PASSWORD}@h:port/x", ServerRefusedError, "cannot be read"),
        (f"no address {PASSWORD}", ServerRefusedError, "cannot be read"),
    ):
        with pytest.raises(error) as raised, connect(url) as server:
            read_case(server, since=DAY)
        assert sentence in str(raised.value)
        assert PASSWORD not in str(raised.value)


class ServerWithoutInstruments(MariaDBServer):
    """MariaDB as Debian installs it: without a performance schema, and with a slow log."""

    def _options(self) -> list[str]:
        return [*super()._options(), "--performance-schema=OFF", "--slow-query-log=ON",
                "--long-query-time=0", "--log-output=TABLE"]  # fmt: skip


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDBServer]:
    server = ServerWithoutInstruments(Path(tmp_path_factory.mktemp("plain")))
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        server.close()


def test_without_a_performance_schema_the_slow_log_tells_of_the_load(
    plain_server: DatabaseServer,
) -> None:
    with open_shop(plain_server, bets=500) as url:
        with session(url) as cursor:
            for number in range(3):
                cursor.execute(f"SELECT note FROM bets WHERE amount = {number} AND state <> 'x'")
        with connect(url) as server:
            case = read_case(server, since=DAY)
            (load,) = loads(case, "SELECT note FROM bets WHERE amount = ?")
            plan = plan_of(case, "SELECT note FROM bets WHERE amount = ?")
        with plain_server.cursor() as cursor:
            cursor.execute("SET GLOBAL log_output = 'NONE'")
        with connect(url) as server:
            dark = read_case(server, since=DAY)
    assert (load.calls, load.rows_examined, load.source) == (3, 3 * 500, "slow log")
    assert load.text == "SELECT note FROM bets WHERE amount = ? AND state <> ?"
    assert plan.accesses[0].type == "ALL"
    for part in (case.snapshot.index_use, dark.snapshot.index_use, dark.snapshot.load):
        assert isinstance(part, Missing)
        assert "performance_schema = ON under [mysqld] in my.cnf" in part.reason
    assert len(dark.snapshot.tables) == 2
