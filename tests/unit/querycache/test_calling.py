"""Functions that may write, and statements behind the first, are found wherever they stand."""

from __future__ import annotations

import pytest

from dbsbm.querycache.sql.textual import StatementKind, understand

CALLING = [
    "SELECT wr()",
    "SELECT `wr` (1)",
    "SELECT app.wr(1)",
    "SELECT id FROM bets WHERE COALESCE(wr(id), 0) = 1",
    "SELECT wr /* so */ -- and\n (1)",
    "SELECT 1 /*! , wr() */",
    "SELECT 1--wr()",
    "SET @x = wr()",
    "SET autocommit = wr()",
    "VALUES (wr())",
    "WITH a AS (SELECT wr()) SELECT * FROM a",
    "INSERT INTO bets (id) VALUES (wr())",
    "UPDATE bets SET id = wr() WHERE id = %s",
    "DELETE FROM bets WHERE id = wr()",
]
CALLING_NOTHING_OF_OTHERS = [
    "SELECT 'wr()', \"it's wr()\" FROM bets -- wr()",
    "SELECT NOW(6), RAND(), LAST_INSERT_ID(), GET_LOCK('a', 1), COUNT(*), CAST(a AS DECIMAL(9, 2))",
    "SELECT id FROM bets USE INDEX (a) JOIN legs USING (id) WHERE id IN (%(a)s) AND (b = 1)",
    "WITH RECURSIVE tree(id) AS (SELECT 1) SELECT * FROM tree",
    "INSERT INTO app.bets (id) VALUES (1) AS new(a) ON DUPLICATE KEY UPDATE id = VALUES(id)",
    "INSERT bets (id) VALUES (1)",
    "REPLACE bets(id) VALUES (REPLACE('a', 'b', 'c'))",
    "CREATE TABLE bets (id INT(11), KEY by_id (id))",
    "SELECT wr FROM bets",
    "SET NAMES utf8mb4",
]
SEVERAL = [
    "SELECT 1; DELETE FROM bets",
    "SET @a = 1;UPDATE bets SET id = 1",
    "BEGIN; UPDATE bets SET id = 1",
    "COMMIT; UPDATE bets SET id = 1",
    "TRUNCATE legs; DELETE FROM bets",
    "SELECT 1; /*! DELETE FROM bets */",
    "USE app; DELETE FROM bets",
]


@pytest.mark.parametrize("sql", CALLING)
def test_what_calls_a_function_that_is_not_built_in_says_so(sql: str) -> None:
    assert understand(sql, "mysql").calls == {"WR"}


def test_a_function_of_a_schema_is_not_the_built_in_one() -> None:
    assert understand("SELECT app.concat('a')", "mysql").calls == {"CONCAT"}


@pytest.mark.parametrize("sql", CALLING_NOTHING_OF_OTHERS)
def test_built_in_functions_and_names_before_parentheses_are_no_such_calls(sql: str) -> None:
    statement = understand(sql, "mysql")
    assert statement.calls == frozenset()
    assert statement.kind is not StatementKind.OPAQUE


@pytest.mark.parametrize("sql", SEVERAL)
def test_several_statements_may_do_anything(sql: str) -> None:
    assert understand(sql, "mysql").kind is StatementKind.OPAQUE


@pytest.mark.parametrize("sql", ["SELECT 1;", "SELECT 1 ; -- so", "SELECT ';' , `a;b` FROM c"])
def test_a_semicolon_alone_makes_no_second_statement(sql: str) -> None:
    assert understand(sql, "mysql").kind is StatementKind.READ


def test_functions_of_sqlite_write_nothing() -> None:
    assert understand("SELECT wr()", "sqlite").calls == frozenset()
