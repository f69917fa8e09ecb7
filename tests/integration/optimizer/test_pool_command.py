"""`optimizer pool`, as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.integration.optimizer.shop import open_shop, session
from tests.integration.typed import Typed
from tests.servers import MariaDBServer

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
