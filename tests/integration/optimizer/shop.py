"""A small shop on a real server, with a load of which each number is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pymysql
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from dbsbm.optimizer.server.connection import Connection
from tests.servers import DatabaseServer

DAY = timedelta(days=1)
USERS, BETS = 200, 5000
PASSWORD = "hunter2-never-shown"

_TABLES = (
    """CREATE TABLE users (
        id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
        name varchar(40) NOT NULL,
        phone varchar(20) CHARACTER SET latin1,
        secret varchar(60),
        bio text,
        token binary(4),
        born date,
        wakes time,
        mood set('glad', 'sad'),
        UNIQUE KEY by_name (name)
    ) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci""",
    """CREATE TABLE bets (
        id bigint unsigned NOT NULL AUTO_INCREMENT,
        user_id int unsigned NOT NULL,
        state varchar(10) NOT NULL,
        note text,
        amount decimal(10,2) NOT NULL DEFAULT 0.00,
        doubled decimal(10,2) GENERATED ALWAYS AS (amount * 2) VIRTUAL,
        placed datetime NOT NULL,
        PRIMARY KEY (id),
        KEY by_state (state, placed DESC),
        KEY by_note (note(5)),
        KEY by_amount (amount) IGNORED,
        CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    ) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci""",
    "CREATE VIEW rich AS SELECT id FROM users",
)


@contextmanager
def open_shop(server: DatabaseServer, *, users: int = USERS, bets: int = BETS) -> Iterator[str]:
    """Create the shop, give its URL, and drop it."""
    with server.fresh_database() as url:
        with session(url) as cursor:
            for statement in _TABLES:
                cursor.execute(statement)
            cursor.executemany(
                "INSERT INTO users (name, phone, secret, token, born, wakes, mood) "
                "VALUES (%s, %s, %s, %s, '2001-02-03', '07:30:00', 'glad,sad')",
                [(f"user {n}", f"0800{n}", PASSWORD, b"\0'\xff\\") for n in range(users)],
            )
            cursor.executemany(
                "INSERT INTO bets (user_id, state, amount, placed) VALUES (%s, %s, %s, "
                "TIMESTAMPADD(MINUTE, %s, '2026-01-01'))",
                [(1 + n % users, ("won", "lost", "open")[n % 3], n % 40, n) for n in range(bets)],
            )
            cursor.execute("ANALYZE TABLE users, bets")
        yield url


@contextmanager
def session(url: str) -> Iterator[pymysql.cursors.Cursor]:
    """A cursor of a connection that commits by itself, and whose statements count as load."""
    address = make_url(url)
    connection = pymysql.connect(
        host=address.host or "",
        port=address.port or 3306,
        user=address.username,
        password=address.password or "",
        database=address.database,
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        yield cursor


def connect(url: str) -> Connection:
    """Connect as the optimizer does."""
    return Connection(SecretStr(url))


def name_of(url: str) -> str:
    """The schema of a URL."""
    return str(make_url(url).database)
