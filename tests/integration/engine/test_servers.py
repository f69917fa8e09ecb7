"""The servers that the suite's tests run on: renewed before each test, gone with the session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pymysql
import pytest
import redis
import sqlalchemy as sa

from tests.servers import (
    ChildProcess,
    MariaDBServer,
    NoServerError,
    ValkeyServer,
    free_port,
    lent_server,
    mariadb_binary,
    programs,
    start_valkey,
    wait_until,
    wait_until_async,
)


@pytest.mark.parametrize("damage", ["kill", "stop", "freeze"])
def test_a_damaged_valkey_is_as_new_for_the_next_test(
    valkey_cache: ValkeyServer, damage: str
) -> None:
    client = valkey_cache.client(decode_responses=True)
    client.set("left", "over")
    client.config_set("maxmemory-policy", "noeviction")
    getattr(valkey_cache, damage)()

    valkey_cache.renew()

    assert client.dbsize() == 0
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lfu"}


def test_a_frozen_valkey_hangs_until_it_is_thawed(valkey_cache: ValkeyServer) -> None:
    client = valkey_cache.client(socket_timeout=0.1, retry=None)
    client.ping()
    valkey_cache.freeze()
    with pytest.raises(redis.TimeoutError):
        client.ping()
    valkey_cache.thaw()
    assert valkey_cache.client().ping()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_the_broker_keeps_its_messages_and_its_port(
    fresh_valkey_broker: ValkeyServer, end: str
) -> None:
    fresh_valkey_broker.client().lpush("queue", "message")
    url = fresh_valkey_broker.url
    getattr(fresh_valkey_broker, end)()
    assert not fresh_valkey_broker.running
    fresh_valkey_broker.start()
    assert fresh_valkey_broker.url == url
    assert fresh_valkey_broker.client().lrange("queue", 0, -1) == [b"message"]


def test_a_server_of_someone_else_is_never_flushed(
    valkey_cache: ValkeyServer, tmp_path: Path
) -> None:
    valkey_cache.client().set("theirs", 1)
    ours = ValkeyServer(tmp_path)
    ours.port = valkey_cache.port
    with pytest.raises(AssertionError, match="belongs to"):
        ours.flush()
    assert valkey_cache.client().get("theirs") == b"1"


def test_a_valkey_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"(?i)bad directive"):
        start_valkey(tmp_path, "--no-such-option", "yes")


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_has_an_empty_database(database_url: str, turn: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE bets (id INTEGER PRIMARY KEY)"))
    engine.dispose()


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_mariadb_comes_back_with_its_rows(mariadb: MariaDBServer, end: str) -> None:
    with mariadb.fresh_database() as url:
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE bets (id INTEGER PRIMARY KEY)"))
            connection.execute(sa.text("INSERT INTO bets VALUES (7)"))
        getattr(mariadb, end)()
        mariadb.start()
        engine.dispose()
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT id FROM bets")) == 7
        engine.dispose()


def test_a_database_is_dropped_although_a_transaction_holds_it(mariadb: MariaDBServer) -> None:
    with mariadb.fresh_database() as url:
        engine = sa.create_engine(url)
        connection = engine.connect()
        connection.execute(sa.text("CREATE TABLE bets (id INTEGER PRIMARY KEY)"))
        connection.execute(sa.text("SELECT * FROM bets"))
    with pytest.raises(sa.exc.OperationalError):
        connection.execute(sa.text("SELECT * FROM bets"))
    connection.invalidate()
    engine.dispose()


def test_the_server_s_clock_is_not_utc(mariadb: MariaDBServer) -> None:
    with mariadb.cursor() as cursor:
        cursor.execute("SELECT TIMEDIFF(NOW(), UTC_TIMESTAMP())")
        assert str(cursor.fetchone()[0]) == "-1 day, 20:00:00"


def test_a_lent_server_is_used_beside_its_own_databases(mariadb: MariaDBServer) -> None:
    with mariadb.fresh_database() as theirs:
        lent = lent_server(theirs)
        with lent.fresh_database() as ours:
            assert ours != theirs
            assert sa.make_url(ours).query == {"charset": "utf8mb4"}
    with pytest.raises(ValueError, match="mysql"):
        lent_server("postgresql://host/database")


def test_without_a_database_server_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "find_program", lambda *_: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NoServerError, match="TEST_DATABASE_URL"):
        mariadb_binary.server_program()


def test_a_server_started_in_a_thread_outlives_the_thread(tmp_path: Path) -> None:
    server = ValkeyServer(tmp_path)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    with server:
        assert server.client().ping()


ORPHAN = """
import sys, time
from pathlib import Path
from tests.servers import ChildProcess

directory = Path(sys.argv[1])
child = ChildProcess(["sleep", "60"], cwd=directory, log=directory / "log")
child.start()
print(child.pid, flush=True)
{then}
"""


@pytest.mark.parametrize("then", ["time.sleep(60)", "raise SystemExit", "1 / 0"])
def test_nothing_outlives_its_session_however_that_ends(tmp_path: Path, then: str) -> None:
    session = subprocess.Popen(
        [sys.executable, "-c", ORPHAN.format(then=then), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert session.stdout is not None
    child = psutil.Process(int(session.stdout.readline()))
    session.send_signal(signal.SIGKILL if "sleep" in then else 0)
    session.communicate()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_child_process_tells_its_end(tmp_path: Path) -> None:
    script = "echo out; echo err >&2; exit 3"
    child = ChildProcess(["sh", "-c", script], cwd=tmp_path, log=tmp_path / "log")
    child.start()
    assert child.wait(timeout=10) == 3
    assert child.log() == "out\nerr\n"
    assert not child.running


def test_free_ports_differ_and_lie_below_the_ephemeral_range() -> None:
    ports = {free_port() for _ in range(50)}
    assert len(ports) == 50
    assert max(ports) < 32_768


def _countdown(looks: int) -> Callable[[], bool]:
    remaining = iter(range(looks))
    return lambda: next(remaining, None) is None


async def test_waiting_ends_with_the_condition_or_says_what_did_not_happen() -> None:
    assert wait_until(_countdown(3))
    assert await wait_until_async(_countdown(3))
    with pytest.raises(AssertionError, match=r"not within 0\.01 s: the bet is graded"):
        wait_until(lambda: False, 0.01, "the bet is graded")
    with pytest.raises(AssertionError, match="asked late"):
        await wait_until_async(lambda: False, 0.01, lambda: "asked late")


def test_a_frozen_mariadb_accepts_and_never_answers(mariadb: MariaDBServer) -> None:
    mariadb.freeze()
    with pytest.raises(pymysql.err.OperationalError, match="timed out"):
        # A connect_timeout would not do: it ends when the socket is accepted.
        pymysql.connect(host="127.0.0.1", port=mariadb.port, user="x", read_timeout=0.3)
