from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.readings.fingerprint import fingerprint

DIALECTS = ("mysql", "mariadb", "sqlite")
literals = st.one_of(
    st.integers(0, 10**12).map(str),
    st.floats(0, 1e9).map(repr),
    st.text("abc '%?:,()-", max_size=20).map(lambda text: "'" + text.replace("'", "''") + "'"),
)


@pytest.mark.parametrize(
    ("dialect", "statement", "text"),
    [
        ("mysql", "SELECT 'it''s', 'a\\'b' FROM t", "SELECT ?, ? FROM t"),
        ("mysql", 'SELECT "a string" FROM t', "SELECT ? FROM t"),
        ("mysql", "SELECT `o'brien` FROM t WHERE x=1", "SELECT `o'brien` FROM t WHERE x=?"),
        ("mysql", "SELECT 1 # a 'note\nFROM t", "SELECT ? FROM t"),
        ("sqlite", "SELECT 'ends\\', \"a name\" FROM t", 'SELECT ?, "a name" FROM t'),
        ("mysql", "SELECT a /* 'secret */ -- x\n, b", "SELECT a , b"),
        ("mysql", "SELECT 0xFF, 1.5e3, x'ab', t1.c2", "SELECT ?, ?, ?, t1.c2"),
        ("mysql", "x IN (%s, %s ,3)", "x IN (?+)"),
        ("mysql", "x in (%(a_1)s)", "x in (?+)"),
        ("mysql", "INSERT INTO t VALUES (1,'a'), (2, %s)", "INSERT INTO t VALUES (?+)"),
        ("sqlite", "SELECT  a\n FROM t WHERE b = :b", "SELECT a FROM t WHERE b = ?"),
        ("mysql", "SELECT coalesce(%s, 0)", "SELECT coalesce(?, ?)"),
        ("sqlite", "RELEASE SAVEPOINT sa_savepoint_17", "RELEASE SAVEPOINT sa_savepoint_?"),
    ],
)
def test_values_become_placeholders(dialect: str, statement: str, text: str) -> None:
    assert fingerprint(statement, dialect).text == text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_cut_literal_leaves_no_half_behind(dialect: str) -> None:
    assert fingerprint("SELECT * FROM t WHERE token = 'secr", dialect).text.endswith("token = ?")


def test_a_literal_that_is_cut_behind_a_backslash_leaves_nothing_behind() -> None:
    start = "INSERT INTO t VALUES ('secret "
    for length in (0, 8_000 - len(start) - 1):
        statement = start + "x" * length + "\\" + "' more')" * (length > 0)
        assert fingerprint(statement, "mysql").text == "INSERT INTO t VALUES (?"


def test_numbers_of_bits_are_literals() -> None:
    assert fingerprint("SELECT 0b0101, 0xAF, b'01'", "mysql").text == "SELECT ?, ?, ?"


def test_long_statements_keep_no_value_and_are_recognised_by_their_start() -> None:
    rows = ", ".join("('secret', 12345)" for _ in range(2000))
    short = fingerprint(f"INSERT INTO t (a, b) VALUES {rows}", "mysql")
    long = fingerprint(f"INSERT INTO t (a, b) VALUES {rows}, {rows}", "mysql")
    assert short.id == long.id
    assert "secret" not in short.text
    assert "12345" not in short.text


@given(st.sampled_from(DIALECTS), st.lists(literals, min_size=3, max_size=3), st.lists(literals))
def test_statements_that_differ_in_values_are_one(
    dialect: str, values: list[str], more: list[str]
) -> None:
    def statement(a: str, b: str, c: str, *others: str) -> str:
        return f"SELECT x FROM t WHERE a = {a} AND b IN ({', '.join([b, *others])}) LIMIT {c}"

    one, two = statement(*values), statement("1", "'x'", "%s", *more)
    assert fingerprint(one, dialect) == fingerprint(two, dialect)


@pytest.mark.parametrize(
    ("statement", "verb", "table"),
    [
        ("SELECT a, b FROM bets JOIN games ON 1", "select", "bets"),
        ("INSERT INTO `bets` (a) VALUES (1)", "insert", "bets"),
        ("UPDATE bets SET a=1", "update", "bets"),
        ("DELETE FROM bets", "delete", "bets"),
        ("(SELECT 1) UNION SELECT 2", "select", ""),
        ("COMMIT", "commit", ""),
        ("", "", ""),
    ],
)
def test_verb_and_table_are_named(statement: str, verb: str, table: str) -> None:
    kind = fingerprint(statement, "mysql")
    assert (kind.verb, kind.table) == (verb, table)
