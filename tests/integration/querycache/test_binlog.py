"""Writes from outside of the application, seen in the server's binary log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine

from dbsbm.errors import ConfigError
from dbsbm.querycache.writing.binlog import Follower, Position
from tests.integration.querycache.schema import Base, fill
from tests.servers import wait_until
from tests.servers.mariadb import MariaDBServer
from tests.unit.querycache.tagstore import TagStore


class LoggingServer(MariaDBServer):
    """A server that writes a binary log."""

    def _options(self) -> list[str]:
        plain = [option for option in super()._options() if option != "--skip-log-bin"]
        return [*plain, "--log-bin=log", "--server-id=1", "--binlog-format=ROW"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoggingServer]:
    server = LoggingServer(Path(tmp_path_factory.mktemp("binlog")))
    server.initialize()
    server.start()
    yield server
    server.close()


@pytest.fixture
def outside(server: LoggingServer) -> Iterator[Engine]:
    """A filled database whose writers nobody watches."""
    with server.fresh_database() as url:
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            fill(connection)
        yield engine
        engine.dispose()


def _url(engine: Engine) -> SecretStr:
    return SecretStr(engine.url.render_as_string(hide_password=False))


@pytest.fixture(autouse=True)
def _stops_are_noticed_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbsbm.querycache.writing.binlog.HEARTBEAT_SECONDS", 0.1)


@pytest.fixture
def store(outside: Engine) -> Iterator[TagStore]:
    """What is told of the binary log, from the moment on that it is followed."""
    store = TagStore()
    stop = threading.Event()
    follower = Follower(_url(outside), store, Base.metadata)
    thread = threading.Thread(target=follower.run, args=(stop,))
    thread.start()
    wait_until(lambda: store.told == [("invalidate", ("t:*",))], 30)
    store.told.clear()
    yield store
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


Write = Callable[..., None]


@pytest.fixture
def write(outside: Engine) -> Write:
    def run(*statements: str) -> None:
        with outside.begin() as connection:
            for sql in statements:
                connection.exec_driver_sql(sql)

    return run


def _bet(number: int, guild: int, user: int) -> set[str]:
    return {
        "t:bets:*",
        f"t:bets:id=#{number}",
        f"t:bets:guild_id=#{guild}",
        f"t:bets:guild_id=#{guild},user_id=#{user}",
    }


@pytest.mark.parametrize(
    ("sql", "tags"),
    [
        ("INSERT INTO bets VALUES (9, 1, 10, 'open', 1)", _bet(9, 1, 10)),
        ("UPDATE bets SET risk = 2 WHERE id = 111", _bet(111, 1, 11)),
        ("UPDATE bets SET guild_id = 2 WHERE id = 111", _bet(111, 1, 11) | _bet(111, 2, 11)),
        (
            "DELETE FROM members WHERE guild_id = 1 AND user_id = 10",
            {"t:members:*", "t:members:guild_id=#1,user_id=#10"},
        ),
        ("UPDATE notes SET label = 'é' WHERE day = '2026-01-01'", {"t:notes"}),
        ("ALTER TABLE audit COMMENT 'x'", {"t:audit"}),
        ("CREATE VIEW v AS SELECT 1", {"t:*"}),
    ],
)
def test_a_write_from_outside_is_told_of(
    sql: str, tags: set[str], write: Write, store: TagStore
) -> None:
    write(sql)
    wait_until(lambda: store.told, 30)
    assert store.released == tags


def test_a_transaction_is_told_of_as_one(write: Write, store: TagStore) -> None:
    write("UPDATE bets SET risk = 2 WHERE id = 111", "UPDATE teams SET wins = 1 WHERE id = 1")
    wait_until(lambda: store.told, 30)
    assert len(store.told) == 1
    assert store.released == {*_bet(111, 1, 11), "t:teams:*", "t:teams:id=#1"}


def test_what_was_written_while_the_line_was_dead_is_told_of_after(
    write: Write, store: TagStore, server: LoggingServer
) -> None:
    with server.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE command = 'Binlog Dump'"
        )
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")
    write("UPDATE bets SET risk = 2 WHERE id = 111")
    wait_until(lambda: store.told, 30)
    assert _bet(111, 1, 11) <= store.released


def test_a_server_that_is_started_again_is_followed_on(
    write: Write, store: TagStore, server: LoggingServer, outside: Engine
) -> None:
    server.restart()
    outside.dispose()
    write("UPDATE bets SET risk = 2 WHERE id = 111")
    wait_until(lambda: _bet(111, 1, 11) <= store.released, 60)


def test_a_log_that_no_longer_reaches_back_means_everything(outside: Engine) -> None:
    store = TagStore()
    follower = Follower(_url(outside), store, Base.metadata)
    follower._position = Position("log.000000", 4)
    stop = threading.Event()
    thread = threading.Thread(target=follower.run, args=(stop,))
    thread.start()
    wait_until(lambda: store.released == {"t:*"}, 30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_a_user_who_may_not_read_the_log_is_told_so(outside: Engine, server: LoggingServer) -> None:
    with server.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE USER 'plain'@'127.0.0.1' IDENTIFIED BY 'plain'")
        cursor.execute(f"GRANT SELECT ON `{outside.url.database}`.* TO 'plain'@'127.0.0.1'")
    url = outside.url.set(username="plain", password="plain")
    follower = Follower(
        SecretStr(url.render_as_string(hide_password=False)), TagStore(), Base.metadata
    )
    with pytest.raises(ConfigError, match="REPLICATION SLAVE"):
        follower.run(threading.Event())


def test_a_password_that_is_wrong_is_not_shown(outside: Engine) -> None:
    url = outside.url.set(password="hunter2").render_as_string(hide_password=False)
    with pytest.raises(ConfigError) as caught:
        Follower(SecretStr(url), TagStore(), Base.metadata).check()
    assert "hunter2" not in str(caught.value)


def test_a_server_that_writes_no_log_is_told_so(mariadb: MariaDBServer) -> None:
    with pytest.raises(ConfigError, match="log_bin=ON"):
        Follower(SecretStr(mariadb.url("mysql")), TagStore(), Base.metadata).check()
