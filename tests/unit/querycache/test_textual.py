from __future__ import annotations

import pytest

from dbsbm.querycache.sql.markers import Slot, marked, unmarked
from dbsbm.querycache.sql.textual import StatementKind, understand, verb
from dbsbm.querycache.sql.trees import Literal


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("select 1", "SELECT"),
        (" \n(( SELECT 1", "SELECT"),
        ("-- so\n/* and */ # so\nupdate t", "UPDATE"),
        ("/*! UPDATE t */", ""),
        ("/*M!100100 UPDATE t */", ""),
        ("", ""),
    ],
)
def test_the_first_word_stands_behind_comments_and_parentheses(sql: str, word: str) -> None:
    assert verb(sql) == word


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT 1", StatementKind.READ),
        ("(SELECT 1) UNION (SELECT 2)", StatementKind.READ),
        ("WITH a AS (SELECT 1) SELECT * FROM a", StatementKind.READ),
        ("SHOW TABLES", StatementKind.READ),
        ("EXPLAIN UPDATE t SET a = 1", StatementKind.READ),
        ("EXPLAIN ANALYZE UPDATE t SET a = 1", StatementKind.OPAQUE),
        ("ANALYZE UPDATE t SET a = 1", StatementKind.OPAQUE),
        ("ANALYZE TABLE t", StatementKind.DEFINITION),
        ("BEGIN IMMEDIATE", StatementKind.BEGIN),
        ("START TRANSACTION", StatementKind.BEGIN),
        ("START SLAVE", StatementKind.OPAQUE),
        ("COMMIT", StatementKind.COMMIT),
        ("END", StatementKind.COMMIT),
        ("ROLLBACK", StatementKind.ROLLBACK),
        ("ROLLBACK WORK", StatementKind.ROLLBACK),
        ("SET NAMES utf8mb4", StatementKind.SETTING),
        ("SET @a = 1", StatementKind.SETTING),
        ("SET autocommit = 1", StatementKind.DEFINITION),
        ("SET STATEMENT max_statement_time = 1 FOR UPDATE t SET a = 1", StatementKind.OPAQUE),
        ("PRAGMA foreign_keys", StatementKind.SETTING),
        ("USE other", StatementKind.NEUTRAL),
        ("XA START 'a'", StatementKind.NEUTRAL),
        ("XA COMMIT 'a'", StatementKind.OPAQUE),
        ("CALL settle()", StatementKind.OPAQUE),
        ("DO release_lock('a')", StatementKind.OPAQUE),
        ("EXECUTE it", StatementKind.OPAQUE),
        ("DROP VIEW v", StatementKind.OPAQUE),
        ("CREATE TRIGGER a BEFORE INSERT ON b FOR EACH ROW SET NEW.c = 1", StatementKind.OPAQUE),
        ("", StatementKind.OPAQUE),
        ("whatever this is", StatementKind.OPAQUE),
    ],
)
def test_a_statement_is_of_one_kind(sql: str, kind: StatementKind) -> None:
    assert understand(sql, "mysql").kind is kind


@pytest.mark.parametrize(
    ("sql", "kind", "name"),
    [
        ("SAVEPOINT `A`", StatementKind.SAVEPOINT, "a"),
        ("ROLLBACK TO SAVEPOINT a", StatementKind.ROLLBACK_TO, "a"),
        ("ROLLBACK WORK TO a", StatementKind.ROLLBACK_TO, "a"),
        ("RELEASE SAVEPOINT a", StatementKind.RELEASE, "a"),
        ("RELEASE a", StatementKind.RELEASE, "a"),
        ("START TRANSACTION WITH CONSISTENT SNAPSHOT", StatementKind.BEGIN, "snapshot"),
    ],
)
def test_savepoints_are_known_by_name(sql: str, kind: StatementKind, name: str) -> None:
    statement = understand(sql, "mysql")
    assert (statement.kind, statement.name) == (kind, name)


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("TRUNCATE TABLE `app`.`bets`", ("bets",)),
        ("TRUNCATE bets", ("bets",)),
        ("DROP TABLE IF EXISTS bets, `legs` CASCADE;", ("bets", "legs")),
        ("ALTER TABLE bets ADD COLUMN a INT", ("bets",)),
        ("ALTER TABLE bets RENAME TO wagers", ("bets", "wagers")),
        ("ALTER TABLE bets RENAME COLUMN a TO b", ("bets",)),
        ("RENAME TABLE a TO b, app.c TO d", ("a", "b", "c", "d")),
        ("CREATE TEMPORARY TABLE IF NOT EXISTS t AS SELECT 1", ("t",)),
        ("LOAD DATA LOCAL INFILE '/a' REPLACE INTO TABLE bets FIELDS TERMINATED BY ','", ("bets",)),
        ("CREATE UNIQUE INDEX i ON bets (a)", ()),
    ],
)
def test_a_definition_names_its_tables(sql: str, tables: tuple[str, ...]) -> None:
    statement = understand(sql, "mysql")
    assert (statement.kind, statement.tables) == (StatementKind.DEFINITION, tables)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b",
        "DROP DATABASE app",
        "UPDATE a SET b = 1; DELETE FROM c",
        "UPDATE a SET b = 1 /*! , c = 2 */",
        "DELETE FROM a WHERE (((",
        "BEGIN NOT ATOMIC UPDATE a SET b = 1; END",
    ],
)
def test_what_is_not_understood_is_opaque(sql: str) -> None:
    assert understand(sql, "mysql").kind is StatementKind.OPAQUE


@pytest.mark.parametrize(
    ("sql", "tables", "removes"),
    [
        ("INSERT INTO a SELECT * FROM b", ("a",), False),
        ("INSERT LOW_PRIORITY IGNORE a (b) VALUES (1)", ("a",), False),
        ("REPLACE a (b) VALUES (1)", ("a",), True),
        ("INSERT INTO a (b) VALUES (1) AS new ON DUPLICATE KEY UPDATE b = new.b", ("a",), False),
        ("INSERT INTO a (((", ("a",), True),
        ("UPDATE a JOIN b ON a.id = b.id SET a.c = 1", ("a",), False),
        ("UPDATE a AS x, b AS y SET x.c = 1, y.c = 2", ("a", "b"), False),
        ("UPDATE a, b SET c = 1", ("a", "b"), False),
        ("UPDATE a AS x JOIN (SELECT x.id FROM b AS x) AS y SET x.c = 1", ("a",), False),
        ("DELETE x FROM a AS x JOIN (SELECT x.id FROM b AS x) AS y", ("a",), True),
        ("DELETE x FROM a AS x JOIN b ON b.id = x.id", ("a",), True),
        ("DELETE FROM a USING a JOIN b ON b.id = a.id", ("a",), True),
        ("DELETE QUICK FROM app.a WHERE b = 1", ("a",), True),
    ],
)
def test_a_write_names_its_tables(sql: str, tables: tuple[str, ...], removes: bool) -> None:
    statement = understand(sql, "mysql")
    assert (statement.kind, statement.tables) == (StatementKind.WRITE, tables)
    assert statement.removes is removes


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("INSERT IGNORE INTO a (b) VALUES (99999999999)", "mysql"),
        ("UPDATE IGNORE a SET b = 99999999999 WHERE id = 1", "mysql"),
        ("UPDATE a SET rowid = 2 WHERE id = 1", "sqlite"),
    ],
)
def test_rows_are_not_told_by_values_that_the_database_does_not_store(
    sql: str, dialect: str
) -> None:
    statement = understand(sql, dialect)
    assert (statement.change, statement.tables) == (None, ("a",))


@pytest.mark.parametrize("verb", ["COMMIT", "ROLLBACK"])
def test_the_end_of_a_transaction_tells_whether_another_begins(verb: str) -> None:
    assert understand(f"{verb} AND CHAIN", "mysql").name
    assert not understand(f"{verb} AND NO CHAIN", "mysql").name
    assert not understand(verb, "mysql").name


def test_an_insert_is_known_cell_by_cell() -> None:
    change = understand("INSERT INTO a (X, y) VALUES (%s, 'b'), (-3, lower(%s))", "mysql").change
    assert change is not None
    assert change.rows == ({"x": Slot(0), "y": Literal("b")}, {"x": Literal(-3), "y": None})


@pytest.mark.parametrize(
    ("where", "pins"),
    [
        ("id = ?", {"id": (Slot(0),)}),
        ("? = a.id AND (b IN (1, ?) AND c > 3)", {"id": (Slot(0),), "b": (Literal(1), Slot(1))}),
        ("id = 1 OR b = 2", {}),
        ("NOT id = 1", {}),
        ("id = 1 AND (b = 2 OR c = 3)", {"id": (Literal(1),)}),
        ("id = b", {}),
        ("id = 1 + 1", {}),
        ("id IN (SELECT 1)", {}),
        ("id = 1.5", {}),
    ],
)
def test_a_condition_pins_only_what_must_hold(where: str, pins: object) -> None:
    change = understand(f"DELETE FROM a WHERE {where}", "sqlite").change
    assert change is not None
    assert change.pins == pins


@pytest.mark.parametrize("sign", ["||", "XOR"])
def test_mysql_says_or_in_other_ways(sign: str) -> None:
    change = understand(f"DELETE FROM a WHERE id = 1 {sign} b = 2", "mysql").change
    assert change is None or change.pins == {}


@pytest.mark.parametrize(
    "tail",
    [
        "WHERE a < NOW()",
        "WHERE a = RAND()",
        "WHERE a = @mine",
        "WHERE a IN (SELECT id FROM b)",
        "WHERE EXISTS (SELECT 1 FROM b)",
        "WHERE a = CASE WHEN b THEN 1 ELSE 2 END",
        "LIMIT 1",
        "ORDER BY a LIMIT 1",
        "WHERE a = 'it''s'",
    ],
)
def test_rows_are_asked_for_only_where_the_answer_is_sure(tail: str) -> None:
    change = understand(f"DELETE FROM t {tail}", "mysql").change
    assert change is None or change.condition is None


def test_what_can_be_asked_keeps_its_meaning() -> None:
    change = understand(
        "UPDATE t AS x SET a = 1 WHERE x.b = %s AND NOT (c BETWEEN 1.5 AND %s OR d LIKE 'a%%')",
        "mysql",
    ).change
    assert change is not None
    assert change.target == "t AS x"
    assert unmarked(change.condition or "", "%s") == (
        "x.b = %s AND NOT (c BETWEEN 1.5 AND %s OR d LIKE 'a%%')",
        (0, 1),
    )


@pytest.mark.parametrize(
    ("sql", "dialect", "slots"),
    [
        ("a = %s AND b = %(c)s", "mysql", (Slot(0), Slot("c"))),
        ("a = '?' AND b = ? -- ?", "sqlite", (Slot(0),)),
        ("a = :b AND c = @d AND e = $f", "sqlite", (Slot("b"), Slot("d"), Slot("f"))),
        ("a = 'it''s ?' AND [b?] = ?", "sqlite", (Slot(0),)),
        ("a = 'x\\'?' AND b = %s", "mysql", (Slot(0),)),
    ],
)
def test_parameters_are_found_outside_of_quotes(
    sql: str, dialect: str, slots: tuple[Slot, ...]
) -> None:
    found = marked(sql, dialect)
    assert found is not None
    assert found[1] == slots


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("a = '%s'", "mysql"),
        ("/* %s */ a = %s", "mysql"),
        ("a = ?1", "sqlite"),
        ("dbsbm_p", "sqlite"),
    ],
)
def test_places_that_cannot_be_told_are_not_guessed(sql: str, dialect: str) -> None:
    assert marked(sql, dialect) is None


def test_a_text_that_no_parameters_are_filled_into_keeps_its_percent_signs() -> None:
    assert marked("a LIKE '%s'", "mysql", formatted=False) == ("a LIKE '%s'", ())


def test_long_texts_are_read_but_not_remembered() -> None:
    values = ", ".join(f"({number})" for number in range(1_000))
    long = f"INSERT INTO a (b) VALUES {values}"
    change = understand(long, "sqlite").change
    assert change is not None
    assert len(change.rows) == 1_000
    assert understand(long, "sqlite").change is not change
    short = "INSERT INTO a (b) VALUES (1)"
    assert understand(short, "sqlite").change is understand(short, "sqlite").change
