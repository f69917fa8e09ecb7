from __future__ import annotations

import pytest

from dbsbm.optimizer.repetition.statement import statement_shape


@pytest.mark.parametrize(
    "sql",
    [
        "SET SESSION lock_wait_timeout = 1",
        "SAVEPOINT sa_savepoint_3",
        "ROLLBACK TO SAVEPOINT sa_savepoint_3",
        "COMMIT",
        "",
    ],
)
def test_what_no_row_asks_for_has_no_shape(sql: str) -> None:
    assert statement_shape(sql, "mysql") is None


@pytest.mark.parametrize(
    ("sql", "batch"),
    [
        ("SELECT a FROM t WHERE b = %s", 1),
        ("SELECT a FROM t WHERE b IN (%s)", 1),
        ("SELECT a FROM t WHERE b IN (%s, %s, %s)", 3),
        ("SELECT a FROM t WHERE c IN (1) AND b IN (%(b_1)s,%(b_2)s)", 2),
        ("SELECT a FROM t WHERE b IN (SELECT c FROM u WHERE d = %s)", 1),
        ("INSERT INTO t (a, b) VALUES (%s, %s)", 1),
        ("INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s), ('x), (', NULL)", 4),
        ("INSERT INTO t (a, b) SELECT a, b FROM u", 1),
    ],
)
def test_a_text_says_how_much_one_call_asks_for(sql: str, batch: int) -> None:
    shape = statement_shape(sql, "mysql")
    assert shape is not None
    # A literal that looks like the end of a row counts as one: it only makes a batch larger.
    assert shape.batch == batch


@pytest.mark.parametrize(
    ("sql", "walks"),
    [
        ("SELECT a FROM t WHERE id > %s ORDER BY id LIMIT 100", True),
        ("SELECT a FROM t WHERE g = %s AND id < %s ORDER BY id DESC LIMIT %s", True),
        ("SELECT a FROM t WHERE g = %s ORDER BY id LIMIT 20 OFFSET 40", True),
        ("SELECT a FROM t WHERE g = %s ORDER BY id LIMIT 40, 20", True),
        ("SELECT a FROM t WHERE id BETWEEN %s AND %s", True),
        ("SELECT a FROM t WHERE g = %s AND at > %s", False),
        ("SELECT a FROM t WHERE g = %s ORDER BY id LIMIT 20", False),
        ("SELECT a FROM t WHERE g = %s", False),
    ],
)
def test_a_text_says_whether_it_walks_through_a_table(sql: str, walks: bool) -> None:
    shape = statement_shape(sql, "mysql")
    assert shape is not None
    assert shape.walks is walks


def test_one_statement_with_other_values_has_one_id() -> None:
    texts = [f"SELECT a FROM t WHERE b = {number}" for number in range(3)]
    assert len({statement_shape(text, "mysql") for text in texts}) == 1
