"""Statements that send, list or repeat too much, and those that only look so."""

from __future__ import annotations

from typing import Any

import pytest

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.statements import huge_in, missing_limit, n_plus_one, select_star
from tests.unit.optimizer.cases import case

TABLES = """
CREATE TABLE authors (id BIGINT PRIMARY KEY, name VARCHAR(40));
CREATE TABLE books (
  id BIGINT PRIMARY KEY, author_id BIGINT, title VARCHAR(80), body TEXT, KEY by_author (author_id),
  FOREIGN KEY (author_id) REFERENCES authors (id)
);
CREATE TABLE categories (id BIGINT PRIMARY KEY, name VARCHAR(40));
CREATE TABLE shelves (id BIGINT PRIMARY KEY, category_id BIGINT, room INT, KEY c (category_id))
"""


def run(text: str, calls: int, read: float, sent: float, **more: Any) -> tuple[str, dict[str, Any]]:
    fields = {"calls": calls, "rows_examined": int(read * calls), "rows_sent": int(sent * calls)}
    return text, {**fields, **more}


def found(rule: Any, *load: tuple[str, dict[str, Any]], width: int = 2_000) -> list[Finding]:
    changes = {"books": {"bytes": 100_000 * width}}
    distinct = {"books.author_id": 5_000, "shelves.category_id": 5_000}
    findings: list[Finding] = rule.examine(case(TABLES, load, changes=changes, distinct=distinct))
    return findings


def test_all_columns_of_wide_rows_are_named() -> None:
    (finding,) = found(select_star, run("SELECT * FROM books WHERE author_id = ?", 50, 200, 200))
    assert finding.object.startswith("shop.books in ")
    assert finding.fix == ("SELECT `id`, `author_id`, `title` FROM books WHERE author_id = ?",)


def test_in_a_join_columns_are_named_with_their_tables() -> None:
    text = "SELECT *, a.id + ? FROM authors a JOIN books b ON b.author_id = a.id WHERE a.id = ?"
    (finding,) = found(select_star, run(text, 50, 200, 200))
    (fix,) = finding.fix
    assert fix.startswith("SELECT `a`.`id`, `a`.`name`, `b`.`id`, `b`.`author_id`, `b`.`title`, ")
    assert "a.id + ?" in fix


@pytest.mark.parametrize(
    ("text", "sent", "width"),
    [
        pytest.param("SELECT * FROM books WHERE id = ?", 1, 2_000, id="one row"),
        pytest.param("SELECT * FROM shelves WHERE room = ?", 200, 2_000, id="a narrow table"),
        pytest.param("SELECT * FROM books WHERE author_id = ?", 200, 90, id="short texts"),
        pytest.param("SELECT COUNT(*) FROM books", 1, 2_000, id="a count"),
        pytest.param("SELECT id, body FROM books", 200, 2_000, id="asked for by name"),
        pytest.param(
            "SELECT a.* FROM authors a JOIN books b ON b.author_id = a.id", 200, 2_000,
            id="the narrow side of a join",
        ),
    ],
)  # fmt: skip
def test_all_columns_are_no_fault_where_they_are_narrow_or_few(
    text: str, sent: int, width: int
) -> None:
    assert found(select_star, run(text, 50, sent, sent), width=width) == []


def test_a_statement_without_a_limit_that_sends_thousands_is_named() -> None:
    (finding,) = found(missing_limit, run("SELECT id, name FROM authors", 600, 40_000, 40_000))
    assert finding.fix == ("SELECT id, name FROM authors ORDER BY `id` LIMIT 100",)
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("text", "calls", "sent"),
    [
        pytest.param("SELECT id, name FROM authors", 2, 40_000, id="an export"),
        pytest.param("SELECT id, name FROM authors LIMIT ?", 600, 5_000, id="a limit"),
        pytest.param("SELECT room, COUNT(*) FROM shelves GROUP BY room", 600, 2_000, id="groups"),
        pytest.param("SELECT id FROM authors WHERE id IN (...)", 600, 2_000, id="a list of keys"),
        pytest.param("SELECT id FROM books WHERE author_id = ?", 600, 200, id="some rows"),
        pytest.param("DELETE FROM books WHERE author_id = ?", 600, 2_000, id="no SELECT"),
    ],
)
def test_sending_rows_that_were_asked_for_is_no_fault(text: str, calls: int, sent: int) -> None:
    assert found(missing_limit, run(text, calls, sent, sent)) == []


def test_a_long_list_is_told_by_the_rows_that_it_finds() -> None:
    (finding,) = found(huge_in, run("SELECT name FROM authors WHERE id IN (...)", 9, 2_000, 2_000))
    assert finding.evidence["values"] == 2_000
    assert "JSON_TABLE(?, '$[*]' COLUMNS(value BIGINT" in finding.fix[1].replace(" (", "(")


def test_a_long_list_is_seen_in_a_run() -> None:
    values = ", ".join(str(each) for each in range(800))
    sample = f"SELECT id FROM books WHERE author_id IN ({values})"
    text = "SELECT id FROM books WHERE author_id IN (...)"
    (finding,) = found(huge_in, run(text, 9, 16_000, 16_000, sample=sample))
    assert (finding.evidence["values"], finding.confidence) == (800, 0.95)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("SELECT name FROM authors WHERE id IN (...)", 5, id="a few keys"),
        pytest.param("SELECT name FROM authors WHERE id IN (?, ?, ?)", 3, id="three"),
        pytest.param("SELECT id FROM books WHERE author_id IN (...)", 2_000, id="rows a value"),
        pytest.param("SELECT id FROM books WHERE title IN (...)", 100_000, id="no index"),
        pytest.param(
            "SELECT id FROM books WHERE author_id IN (SELECT id FROM authors)", 90_000, id="a query"
        ),
    ],
)
def test_a_short_list_or_one_of_unknown_length_is_no_fault(text: str, read: int) -> None:
    assert found(huge_in, run(text, 50, read, min(read, 2_000))) == []


@pytest.mark.parametrize(
    ("around", "lookup", "column"),
    [
        pytest.param(
            "SELECT id, author_id FROM books WHERE title > ? LIMIT ?",
            "SELECT name FROM authors WHERE id = ?",
            "authors.id",
            id="what a foreign key refers to",
        ),
        pytest.param(
            "SELECT id, name FROM authors LIMIT ?",
            "SELECT id, title FROM books WHERE author_id = ?",
            "books.author_id",
            id="what refers to each row",
        ),
        pytest.param(
            "SELECT id, name FROM authors LIMIT ?",
            "SELECT COUNT(*) FROM books WHERE author_id = ?",
            "books.author_id",
            id="a count for each row",
        ),
        pytest.param(
            "SELECT id, category_id FROM shelves LIMIT ?",
            "SELECT name FROM categories WHERE id = ?",
            "categories.id",
            id="related by name alone",
        ),
    ],
)
def test_a_lookup_for_each_row_of_a_list_is_named(around: str, lookup: str, column: str) -> None:
    (finding,) = found(n_plus_one, run(around, 600, 20, 20), run(lookup, 12_000, 1, 1))
    assert finding.object.startswith(f"shop.{column} in ")
    assert finding.evidence["around"] == around
    assert "IN (...)" in finding.fix[0]


@pytest.mark.parametrize(
    ("around", "lookup", "times", "calls"),
    [
        pytest.param(
            "SELECT id FROM books LIMIT ?", "SELECT name FROM authors WHERE id = ?", 600, 9_000,
            id="other numbers",
        ),
        pytest.param(
            "SELECT id FROM books LIMIT ?", "SELECT name FROM categories WHERE id = ?", 600, 12_000,
            id="not related",
        ),
        pytest.param(
            "SELECT id FROM books LIMIT ?", "SELECT name FROM authors WHERE id IN (...)", 600,
            12_000, id="asked by lists",
        ),
        pytest.param(
            "SELECT id FROM books LIMIT ?", "SELECT name FROM authors WHERE id = ?", 2, 40,
            id="a few",
        ),
        pytest.param(
            "SELECT id FROM books LIMIT ?", "UPDATE authors SET name = ? WHERE id = ?", 600, 12_000,
            id="writes",
        ),
    ],
)  # fmt: skip
def test_lookups_that_are_no_loop_are_no_fault(
    around: str, lookup: str, times: int, calls: int
) -> None:
    assert found(n_plus_one, run(around, times, 20, 20), run(lookup, calls, 1, 1)) == []


def test_a_lookup_without_an_index_is_a_loop_all_the_same() -> None:
    around = run("SELECT id, room FROM shelves LIMIT ?", 600, 20, 20)
    lookup = run("SELECT id FROM books WHERE shelf_id = ? LIMIT ?", 12_000, 100_000, 1)
    table = "CREATE TABLE books (id BIGINT PRIMARY KEY, shelf_id BIGINT)"
    shelves = "CREATE TABLE shelves (id BIGINT PRIMARY KEY, room INT)"
    (finding,) = n_plus_one.examine(case(f"{table}; {shelves}", [around, lookup]))
    assert finding.object.startswith("shop.books.shelf_id in ")
    assert finding.fix[0].endswith("IN (...)")  # a LIMIT for one would cut off the others


def test_a_lookup_once_a_request_is_no_loop() -> None:
    login = run("SELECT name FROM authors WHERE id = ?", 12_000, 1, 1)
    page = run("SELECT id FROM books WHERE author_id = ? LIMIT ?", 12_000, 1, 1)
    assert found(n_plus_one, login, page) == []
