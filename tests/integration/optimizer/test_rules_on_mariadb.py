"""Every fault that was planted in a real database is named, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pymysql
import pytest

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules import database, indexes, schema, statements
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.connection import Connection
from dbsbm.optimizer.server.snapshot import read_case
from tests.integration.optimizer import library
from tests.integration.optimizer.shop import connect, session
from tests.servers import start_mariadb

PLANTED = {
    ("index.missing", "books(shelf)"),
    ("index.missing", "loans(book_id)"),
    ("index.missing", "loans(desk, due_at)"),
    ("index.missing", "loans(member_id, lent_at)"),
    ("index.missing", "notes(loan_id)"),
    ("index.missing", "notes(member_ref)"),
    ("index.redundant", "books.ends_with_key"),
    ("index.redundant", "books.twice_b"),
    ("index.redundant", "loans.by_state"),
    ("index.unused", "books.unread"),
    ("index.unused", "members.by_name"),
    ("schema.key_running_out", "tickets.id"),
    ("schema.mixed_charsets", "old_codes.isbn"),
    ("schema.myisam", "rooms"),
    ("schema.no_primary_key", "visits"),
    ("schema.wrong_type", "books.price"),
    ("schema.wrong_type", "notes.member_ref"),
    ("statement.deep_offset", "books"),
    ("statement.dependent_subquery", "notes"),
    ("statement.function_on_column", "books.added_at"),
    ("statement.huge_in", "books.id"),
    ("statement.implicit_conversion", "members.card"),
    ("statement.implicit_conversion", "notes.member_ref"),
    ("statement.implicit_conversion", "old_codes.isbn"),
    ("statement.leading_wildcard", "books.title"),
    ("statement.missing_limit", "loans"),
    ("statement.n_plus_one", "authors.id"),
    ("statement.or_across_columns", "reviews(book_id, stars)"),
    ("statement.order_by_random", "books"),
    ("statement.select_star", "books"),
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # A server of its own: other tests leave deadlocks behind, which are the server's, too.
    with (
        start_mariadb(tmp_path_factory.mktemp("library")) as server,
        server.fresh_database() as url,
    ):
        with session(url) as cursor:
            library.plant(cursor)
            library.load(cursor)
        yield url


@pytest.fixture(scope="module")
def server(planted: str) -> Iterator[Connection]:
    with connect(planted) as server:
        yield server


@pytest.fixture(scope="module")
def case(server: Connection) -> Case:
    return read_case(server, since=timedelta(hours=1))


@pytest.fixture(scope="module")
def findings(case: Case) -> list[Finding]:
    rules = (*indexes.RULES, *statements.RULES, *schema.RULES)
    return [finding for rule in rules for finding in rule.examine(case)]


def test_what_was_planted_is_named_and_nothing_else(findings: list[Finding]) -> None:
    named = {(each.rule, each.object.split(".", 1)[1].rsplit(" in ", 1)[0]) for each in findings}
    assert named == PLANTED


def test_no_finding_shows_a_value_of_a_statement(findings: list[Finding]) -> None:
    told = " ".join(str(each.to_dict()) for each in findings)
    assert "tale " not in told
    assert "2026-" not in told


def test_indexes_can_be_added_and_dropped_and_the_schema_is_as_it_was(
    planted: str, findings: list[Finding]
) -> None:
    changes = [each for each in findings if each.rule.startswith("index.")]
    with session(planted) as cursor:
        before = _schema(cursor)
        for each in changes:
            for statement in each.fix:
                cursor.execute(statement)
        assert _schema(cursor) != before
        for each in reversed(changes):
            for statement in each.revert:
                cursor.execute(statement)
        assert _schema(cursor) == before


def test_changes_of_the_schema_are_undone_exactly(planted: str, findings: list[Finding]) -> None:
    changes = {each.object: each for each in findings if each.rule.startswith("schema.")}
    with session(planted) as cursor:
        before = _definitions(cursor)
        for each in changes.values():
            for statement in each.fix:
                cursor.execute(statement)
        assert _definitions(cursor) != before
        for each in reversed(changes.values()):
            for statement in each.revert:
                cursor.execute(statement)
        assert _definitions(cursor) == before


def test_what_is_expected_of_a_new_index_is_what_it_gives(
    planted: str, findings: list[Finding]
) -> None:
    finding = next(each for each in findings if each.object.endswith("loans(desk, due_at)"))
    with session(planted) as cursor:
        cursor.execute(finding.fix[0])
        query = "SELECT id, due_at FROM loans WHERE desk = 3 ORDER BY due_at DESC LIMIT 10"
        cursor.execute(query)  # the first run reads the statistics of the new index, too
        cursor.execute("FLUSH STATUS")
        cursor.execute(query)
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read_%'")
        read = sum(int(value) for _, value in cursor.fetchall())
        cursor.execute(finding.revert[0])
    assert read <= 1.2 * finding.evidence["expected_rows_a_run"]


def test_the_state_of_a_quiet_server_is_no_fault(case: Case) -> None:
    assert [each for rule in database.RULES for each in rule.examine(case)] == []


def _definitions(cursor: pymysql.cursors.Cursor) -> list[str]:
    """Each table as the server spells it."""
    cursor.execute("SHOW TABLES")
    tables = [table for (table,) in cursor.fetchall()]
    created = []
    for table in tables:
        cursor.execute(f"SHOW CREATE TABLE `{table}`")
        ((_, definition),) = cursor.fetchall()
        created.append(str(definition))
    return created


def _schema(cursor: pymysql.cursors.Cursor) -> list[list[str]]:
    """As above, whatever the order of the indexes: that decides nothing."""
    return [sorted(line.rstrip(",") for line in each.split("\n")) for each in _definitions(cursor)]
