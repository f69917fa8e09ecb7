from __future__ import annotations

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.optimizer.statements.filling import Wanted, fill
from tests.unit.optimizer.cases import case

TABLES = case(
    """
    CREATE TABLE users (id int PRIMARY KEY, name varchar(40));
    CREATE TABLE bets (id int PRIMARY KEY, user_id int, state varchar(10), placed datetime);
    """
).snapshot.tables


def value(key: tuple[str, str], column: str, wanted: Wanted, number: int) -> str:
    return f"'{key[1]}.{column} {wanted}'"


def filled(text: str) -> str | None:
    return fill(text, "shop", TABLES, value)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        (
            "SELECT 1 FROM bets WHERE state = ? AND `placed` > ?",
            "SELECT 1 FROM bets WHERE state = 'bets.state some' AND `placed` > 'bets.placed high'",
        ),
        (
            "SELECT id FROM bets WHERE ? > placed AND placed BETWEEN ? AND ?",
            (
                "SELECT id FROM bets WHERE 'bets.placed low' > placed "
                "AND placed BETWEEN 'bets.placed low' AND 'bets.placed high'"
            ),
        ),
        (
            "SELECT id FROM bets WHERE state LIKE ? LIMIT ?, ...",
            "SELECT id FROM bets WHERE state LIKE 'bets.state begin' LIMIT 20 OFFSET 20",
        ),
        (
            "SELECT id FROM bets WHERE user_id IN (...)",
            (
                "SELECT id FROM bets WHERE user_id IN "
                "('bets.user_id some', 'bets.user_id some', 'bets.user_id some')"
            ),
        ),
        (
            "SELECT ID FROM `bets` WHERE ( `user_id` , `state` ) IN ( (...) /* , ... */ )",
            (
                "SELECT ID FROM `bets` WHERE (`user_id`, `state`) IN "
                "(('bets.user_id some', 'bets.state some'))"
            ),
        ),
        (
            "SELECT b.id FROM bets b JOIN users u ON u.id = b.user_id WHERE lower(u.name) = ?",
            (
                "SELECT b.id FROM bets AS b JOIN users AS u ON u.id = b.user_id "
                "WHERE LOWER(u.name) = 'users.name some'"
            ),
        ),
        (
            "SELECT ? FROM bets WHERE id + ? > ? AND id > NOW() - INTERVAL ? SQL_TSI_DAY",
            "SELECT 1 FROM bets WHERE id + 1 > 'bets.id high' AND id > NOW() - INTERVAL '1' DAY",
        ),
        (
            "SELECT 1 FROM users u WHERE EXISTS (SELECT 1 FROM bets WHERE name = ? AND state = ?)",
            (
                "SELECT 1 FROM users AS u WHERE EXISTS(SELECT 1 FROM bets "
                "WHERE name = 'users.name some' AND state = 'bets.state some')"
            ),
        ),
        # what writes or locks becomes what reads
        (
            "UPDATE bets SET state = ? WHERE user_id = ? ORDER BY id LIMIT ?",
            "SELECT 1 FROM bets WHERE user_id = 'bets.user_id some' ORDER BY id LIMIT 20",
        ),
        (
            "UPDATE bets b JOIN users u ON u.id = b.user_id SET b.state = ? WHERE u.name = ?",
            (
                "SELECT 1 FROM bets AS b JOIN users AS u ON u.id = b.user_id "
                "WHERE u.name = 'users.name some'"
            ),
        ),
        (
            "DELETE FROM bets WHERE placed < ?",
            "SELECT 1 FROM bets WHERE placed < 'bets.placed low'",
        ),
        (
            "INSERT INTO bets (id) SELECT id FROM users WHERE name = ?",
            "SELECT id FROM users WHERE name = 'users.name some'",
        ),
        (
            "SELECT id FROM bets WHERE state = 'known' FOR UPDATE",
            "SELECT id FROM bets WHERE state = 'known'",
        ),
    ],
)
def test_values_are_put_where_they_fit(text: str, statement: str) -> None:
    found = filled(text)
    assert found is not None
    assert found.replace("INTERVAL (1)", "INTERVAL '1'").replace("INTERVAL 1", "INTERVAL '1'") == (
        statement
    )


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO bets (id) VALUES (?)",
        "COMMIT",
        "SELECT id FROM bets WHERE `b` . ...",
        "DROP TABLE bets",
        "SET GLOBAL x = 1",
        "CALL f()",
        "LOAD DATA INFILE 'x' INTO TABLE bets",
    ],
)
def test_what_has_no_plan_is_not_made_up(text: str) -> None:
    assert filled(text) is None


@given(st.text(alphabet="SELECTUPDATEINSERTDELETEFROM WHERE bets?=.,()`'*/1", max_size=80))
def test_whatever_comes_only_reads(text: str) -> None:
    found = filled(text)
    if found is not None:
        assert isinstance(sqlglot.parse_one(found, read="mysql"), sqlglot.exp.Query)
        assert "?" not in found.replace("'?'", "")
