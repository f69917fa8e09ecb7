"""The slow log as both servers write it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbsbm.optimizer.server.slow_log import as_load, match_key, parse_slow_log

MYSQL = """/usr/sbin/mysqld, Version: 8.0.36 (MySQL Community Server - GPL). started with:
Tcp port: 3306  Unix socket: /var/run/mysqld/mysqld.sock
Time                 Id Command    Argument
# Time: 2026-11-22T12:00:00.000001Z
# User@Host: app[app] @ localhost []  Id:     8
# Query_time: 1.500000  Lock_time: 0.000002 Rows_sent: 3  Rows_examined: 5000
use shop;
SET timestamp=1795348800;
SELECT * FROM bets
WHERE amount = 5;
# Time: 2026-11-22T12:00:01.000001Z
# User@Host: app[app] @ localhost []  Id:     8
# Query_time: 0.500000  Lock_time: 0.000002 Rows_sent: 1  Rows_examined: 4000
SET timestamp=1795348801;
SELECT * FROM bets
WHERE amount = 6;
"""

MARIADB = """# Time: 261122 12:00:00
# User@Host: app[app] @ localhost []
# Thread_id: 31  Schema: shop  QC_hit: No
# Query_time: 0.250000  Lock_time: 0.000010  Rows_sent: 0  Rows_examined: 100
# Rows_affected: 2  Bytes_sent: 52
SET timestamp=1795348800;
UPDATE users SET name = 'it''s; a secret' WHERE id = 5;
# User@Host: app[app] @ localhost []
# Thread_id: 31  Schema: other  QC_hit: No
# Query_time: 0.125000  Lock_time: 0.000010  Rows_sent: 0  Rows_examined: 7
# Rows_affected: 0  Bytes_sent: 52
SET timestamp=1795348805;
COMMIT;
"""


def test_mysqls_log() -> None:
    entries = list(parse_slow_log(MYSQL.splitlines(keepends=True)))
    assert [(each.schema, each.seconds, each.rows_examined) for each in entries] == [
        ("shop", 1.5, 5000),
        ("shop", 0.5, 4000),
    ]
    (load,) = as_load(entries)
    assert (load.text, load.calls) == ("SELECT * FROM bets WHERE amount = ?", 2)
    assert (load.seconds, load.rows_examined, load.rows_sent) == (2.0, 9000, 4)
    assert load.first_seen == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert load.source == "slow log"


def test_mariadbs_log() -> None:
    update, commit = parse_slow_log(MARIADB.splitlines(keepends=True))
    assert (update.schema, update.text) == (
        "shop",
        "UPDATE users SET name = 'it''s; a secret' WHERE id = 5",
    )
    assert (commit.schema, commit.text, commit.seconds) == ("other", "COMMIT", 0.125)
    assert "secret" not in repr(as_load([update]))


@pytest.mark.parametrize(
    ("digest", "run"),
    [
        (
            (
                "SELECT `b` . `id` , `u` . `name` FROM `bets` `b` JOIN `users` `u` ON `u` . `id` = "
                "`b` . `user_id` WHERE `b` . `state` IN (...) ORDER BY `placed` DESC LIMIT ?, ... "
            ),
            (
                "select b.id, u.name from bets b join users u on u.id=b.user_id "
                "where b.state in ('won', 'lost') order by placed desc limit 10, 5"
            ),
        ),
        (
            "SELECT ID FROM `b` WHERE `placed` > NOW ( ) - INTERVAL ? SQL_TSI_DAY AND `a` != - ?",
            "SELECT id FROM b WHERE placed > NOW() - INTERVAL 3 DAY AND a <> -5;",
        ),
        (
            "INSERT INTO `users` ( NAME ) VALUES (?) /* , ... */ ",
            "INSERT INTO users (name) VALUES ('a'), ('b')",
        ),
        (
            "SELECT `lower` ( NAME ) FROM `users` `u` WHERE ID IN (?) ",
            "SELECT lower(name) FROM users AS u WHERE id IN (1)",
        ),
    ],
)
def test_a_run_in_the_log_is_matched_to_its_digest(digest: str, run: str) -> None:
    assert match_key(digest) == match_key(run)
    assert match_key(digest) != match_key(run.replace("id", "ip").replace("name", "game"))
