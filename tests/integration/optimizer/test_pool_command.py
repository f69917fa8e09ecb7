"""`optimizer pool`, as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from dbsbm.optimizer.server.connection import ServerAwayError
from dbsbm.optimizer.sizing.probe import Probe, Statement
from tests.integration.optimizer.shop import open_shop, session
from tests.integration.typed import Typed
from tests.servers import MariaDBServer
from tests.servers.waiting import wait_until

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def shop(_private_mariadb: MariaDBServer) -> Iterator[str]:
    _private_mariadb.renew()
    with open_shop(_private_mariadb) as url:
        yield url


@pytest.fixture
def run(typed: Typed) -> Run:
    return lambda *words: typed("optimizer", "pool", "--seconds", "0.2", *words)


def seen(shop: str) -> None:
    with session(shop) as client:
        for number in range(50):
            client.execute(f"SELECT COUNT(*) FROM bets WHERE amount > {number}")
            client.execute(f"UPDATE users SET bio = 'x' WHERE id = {1 + number}")


def test_the_size_is_measured_with_the_statements_that_were_seen(run: Run, shop: str) -> None:
    seen(shop)
    with session(shop) as client:
        client.execute("SELECT COUNT(*) FROM users WHERE bio = 'x'")
        before = client.fetchall()
        client.execute("UPDATE users SET bio = NULL")
    code, out, err = run("--database-url", shop, "--most", "6", "--json")
    assert (code, err) == (0, "")
    measured = json.loads(out)
    assert 1 <= measured["size"] <= measured["largest"] == 6
    assert measured["statements_a_second"].keys() > {"1", "6"}
    assert len(measured["statements_a_second"]) == 3
    assert min(measured["statements_a_second"].values()) > 0
    assert measured["kinds"] >= 2
    with session(shop) as client:
        client.execute("SELECT COUNT(*) FROM users WHERE bio = 'x'")
        after = client.fetchall()
    # An UPDATE is run as the SELECT that finds its rows.
    assert (before, after) == (((50,),), ((0,),))


def test_it_is_said_in_words_too(run: Run, shop: str) -> None:
    seen(shop)
    code, out, err = run("--database-url", shop, "--most", "4")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["connections", "statements", "a", "second"]
    assert "do 95 % of what any number up to 4 does, by 3 measurements of " in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "SQLite has one writer, whatever the pool: name a MySQL or MariaDB server"),
        (("--most", "2"), "--most must be from 3 to 1000"),
        (("--seconds", "0"), "--seconds must be from 0.1 to 600"),
        (("--database-url", "mysql://x@127.0.0.1:1/x"), "No database server answers at"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert err.startswith(sentence)
    assert err.count("\n") == 1


def test_a_server_that_has_seen_nothing_says_so(run: Run, shop: str) -> None:
    with session(shop) as client:
        client.execute("TRUNCATE performance_schema.events_statements_summary_by_digest")
    code, _, err = run("--database-url", shop)
    assert code == 1
    assert err.startswith("No statement was seen that could be run to measure a pool")


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (9, (0, "any number up to 4 does")),
        (6, (1, "Only 5 of the 6 connections that max_user_connections allows are free")),
    ],
)
def test_a_user_of_few_connections_is_not_asked_for_more(
    run: Run, shop: str, allowed: int, expected: tuple[int, str]
) -> None:
    seen(shop)
    address = make_url(shop)
    few = address.set(username="few", password="few")
    with session(shop) as client:
        client.execute(
            f"CREATE OR REPLACE USER few IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS {allowed}"
        )
        client.execute("GRANT SELECT ON performance_schema.* TO few")
        client.execute(f"GRANT SELECT ON `{address.database}`.* TO few")
    code, out, err = run("--database-url", few.render_as_string(hide_password=False))
    assert code == expected[0]
    assert expected[1] in out + err


def test_a_connection_that_is_lost_ends_the_measurement_at_once(shop: str) -> None:
    probe = Probe(SecretStr(shop), [Statement("", "SELECT SLEEP(0.1)", 1)], seconds=30)

    def all_at_work() -> list[int]:
        client.execute(
            "SELECT id FROM information_schema.processlist "
            "WHERE info LIKE '%SLEEP(0%' AND id <> CONNECTION_ID()"
        )
        found = [each for (each,) in client.fetchall()]
        return found if len(found) == 3 else []

    with session(shop) as client, ThreadPoolExecutor(1) as aside:
        measured = aside.submit(probe.throughput, 3)
        client.execute(f"KILL {wait_until(all_at_work)[0]}")
        wait_until(measured.done)
        with pytest.raises(ServerAwayError):
            measured.result()
