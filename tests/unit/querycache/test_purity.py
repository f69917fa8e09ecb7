"""Which queries answer the same to everybody for as long as their tables do not change."""

from __future__ import annotations

import pytest

from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.dialects import grammar_of
from dbsbm.querycache.sql.parsing import parse_query
from dbsbm.querycache.sql.purity import refuse_impure

REFUSED_EVERYWHERE = {
    "the clock in a word": (
        "SELECT id FROM bets WHERE placed < CURRENT_TIMESTAMP",
        Reason.FUNCTION,
    ),
    "the date in a word": ("SELECT current_date", Reason.FUNCTION),
    "an unknown function": ("SELECT total_of(guild_id) FROM bets", Reason.FUNCTION),
    "an unknown function within others": ("SELECT MAX(ABS(odd(risk))) FROM bets", Reason.FUNCTION),
    "an unknown function of a subquery": (
        "SELECT id FROM (SELECT odd(id) AS id FROM bets) AS x",
        Reason.FUNCTION,
    ),
    "a function in quotes": ("SELECT `total_of`(1)", Reason.FUNCTION),
    "a function of a schema": ("SELECT house.total_of(1)", Reason.FUNCTION),
    "an update": ("UPDATE bets SET risk = 1", Reason.NOT_A_SELECT),
    "an update that returns rows": (
        "UPDATE bets SET risk = 1 RETURNING id",
        Reason.NOT_A_SELECT,
    ),
    "a delete under WITH": (
        "WITH x AS (SELECT 1) DELETE FROM bets WHERE id IN (SELECT * FROM x)",
        Reason.NOT_A_SELECT,
    ),
    "two statements": ("SELECT 1; SELECT 2", Reason.MANY_STATEMENTS),
    "a statement after a query": ("SELECT 1; DELETE FROM bets", Reason.MANY_STATEMENTS),
    "broken text": ("SELECT FROM WHERE (", Reason.NOT_UNDERSTOOD),
    "no text": ("", Reason.NOT_A_SELECT),
    "an executed comment": ("SELECT 1 /*!50000 , NOW() */", Reason.NOT_UNDERSTOOD),
    "an executed comment of MariaDB": ("SELECT 1 /*M!100100 , NOW() */", Reason.NOT_UNDERSTOOD),
    "text without end": ("SELECT 1 " + "+ 1" * 10_000, Reason.NOT_UNDERSTOOD),
    "the catalogue": ("SELECT * FROM information_schema.tables", Reason.SYSTEM_TABLE),
    "values alone": ("VALUES (1, 2)", Reason.NOT_A_SELECT),
}

REFUSED_ON_MYSQL = {
    "NOW": ("SELECT NOW()", Reason.FUNCTION),
    "SYSDATE": ("SELECT SYSDATE()", Reason.FUNCTION),
    "CURDATE": ("SELECT CURDATE()", Reason.FUNCTION),
    "UNIX_TIMESTAMP": ("SELECT UNIX_TIMESTAMP()", Reason.FUNCTION),
    "UTC_TIMESTAMP": ("SELECT UTC_TIMESTAMP", Reason.FUNCTION),
    "the clock in an argument": ("SELECT DATE(NOW())", Reason.FUNCTION),
    "RAND": ("SELECT RAND()", Reason.FUNCTION),
    "rows in random order": ("SELECT id FROM bets ORDER BY RAND()", Reason.FUNCTION),
    "UUID": ("SELECT UUID()", Reason.FUNCTION),
    "LAST_INSERT_ID": ("SELECT LAST_INSERT_ID()", Reason.FUNCTION),
    "CONNECTION_ID": ("SELECT CONNECTION_ID()", Reason.FUNCTION),
    "USER": ("SELECT USER()", Reason.FUNCTION),
    "CURRENT_USER": ("SELECT CURRENT_USER", Reason.FUNCTION),
    "DATABASE": ("SELECT DATABASE()", Reason.FUNCTION),
    "FOUND_ROWS": ("SELECT FOUND_ROWS()", Reason.FUNCTION),
    "ROW_COUNT": ("SELECT ROW_COUNT()", Reason.FUNCTION),
    "GET_LOCK": ("SELECT GET_LOCK('a', 1)", Reason.FUNCTION),
    "SLEEP": ("SELECT SLEEP(1)", Reason.FUNCTION),
    "BENCHMARK": ("SELECT BENCHMARK(1000, 1)", Reason.FUNCTION),
    "LOAD_FILE": ("SELECT LOAD_FILE('/etc/passwd')", Reason.FUNCTION),
    "a sequence": ("SELECT NEXTVAL(numbers)", Reason.FUNCTION),
    "a variable": ("SELECT @counter", Reason.VARIABLE),
    "a setting": ("SELECT @@session.time_zone", Reason.VARIABLE),
    "an assignment": ("SELECT @n := @n + 1 FROM bets", Reason.VARIABLE),
    "a result in a variable": ("SELECT id INTO @x FROM bets", Reason.INTO),
    "a result in a file": ("SELECT id FROM bets INTO OUTFILE '/tmp/x'", Reason.NOT_UNDERSTOOD),
    "SQL_CALC_FOUND_ROWS": ("SELECT SQL_CALC_FOUND_ROWS id FROM bets", Reason.VARIABLE),
    "FOR UPDATE": ("SELECT id FROM bets FOR UPDATE", Reason.LOCKING),
    "FOR UPDATE in a subquery": (
        "SELECT * FROM (SELECT id FROM bets FOR UPDATE) AS x",
        Reason.LOCKING,
    ),
    "FOR UPDATE SKIP LOCKED": ("SELECT id FROM bets FOR UPDATE SKIP LOCKED", Reason.LOCKING),
    "LOCK IN SHARE MODE": ("SELECT id FROM bets LOCK IN SHARE MODE", Reason.LOCKING),
    "the performance schema": (
        "SELECT * FROM performance_schema.threads",
        Reason.SYSTEM_TABLE,
    ),
    "the users": ("SELECT * FROM mysql.user", Reason.SYSTEM_TABLE),
    "a table of JSON": (
        "SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (n INT PATH '$')) AS j",
        Reason.TABLE_FUNCTION,
    ),
    "SHOW": ("SHOW TABLES", Reason.NOT_A_SELECT),
    "CALL": ("CALL settle()", Reason.NOT_A_SELECT),
    "a placeholder in quotes": ("SELECT '%(x)s'", Reason.NOT_UNDERSTOOD),
}

REFUSED_ON_SQLITE = {
    "random": ("SELECT random()", Reason.FUNCTION),
    "the clock as text": ("SELECT datetime('now')", Reason.FUNCTION),
    "the clock as a quoted name": ('SELECT datetime("now")', Reason.FUNCTION),
    "the clock as a parameter": ("SELECT datetime(?)", Reason.FUNCTION),
    "the clock by default": ("SELECT date()", Reason.FUNCTION),
    "the clock in a format": ("SELECT strftime('%s', 'now')", Reason.FUNCTION),
    "the clock by default in a format": ("SELECT strftime('%s')", Reason.FUNCTION),
    "local time of a column": ("SELECT date(placed, 'localtime') FROM bets", Reason.FUNCTION),
    "an unknown modifier": ("SELECT date(placed, ?) FROM bets", Reason.FUNCTION),
    "last_insert_rowid": ("SELECT last_insert_rowid()", Reason.FUNCTION),
    "changes": ("SELECT changes()", Reason.FUNCTION),
    "the schema": ("SELECT * FROM sqlite_master", Reason.SYSTEM_TABLE),
    "a table of the connection": ("SELECT * FROM temp.bets", Reason.SYSTEM_TABLE),
    "a pragma as a table": ("SELECT * FROM pragma_table_info('bets')", Reason.TABLE_FUNCTION),
    "a pragma": ("PRAGMA user_version", Reason.NOT_A_SELECT),
    "numbered parameters": ("SELECT ?1", Reason.NOT_UNDERSTOOD),
}

PURE_EVERYWHERE = [
    "SELECT COUNT(*), SUM(risk), MAX(id) FROM bets",
    "SELECT COALESCE(note, '') FROM bets WHERE LOWER(state) = 'won'",
    "SELECT CASE WHEN (risk > 1) THEN (risk) ELSE (0) END FROM bets",
    "SELECT CAST(risk AS DECIMAL(10, 2)) FROM bets",
    "SELECT AVG(risk) OVER (PARTITION BY guild_id ORDER BY id) FROM bets",
    "SELECT id FROM bets WHERE NOT (id IN (1, 2)) AND EXISTS (SELECT 1 FROM legs)",
    "WITH RECURSIVE tree(id, up) AS (SELECT id, up FROM a) SELECT id FROM tree",
    "(SELECT id FROM bets) UNION ALL (SELECT id FROM legs)",
    "SELECT bets.now, bets.current_date FROM bets",
    "SELECT 'NOW()', 'current_timestamp' -- NOW()",
    "SELECT id FROM bets /* FOR UPDATE */",
    "SELECT id FROM bets ORDER BY id LIMIT 10 OFFSET 20",
    "SELECT 1",
]

PURE_ON_MYSQL = [
    "SELECT DATE(placed), YEAR(placed), DATE_FORMAT(placed, '%%Y') FROM bets",
    "SELECT placed + INTERVAL 1 DAY FROM bets USE INDEX (by_day)",
    "SELECT GROUP_CONCAT(id ORDER BY id SEPARATOR ',') FROM bets",
    "SELECT id FROM bets WHERE id = %(id_1)s AND note LIKE '%%x'",
]

PURE_ON_SQLITE = [
    "SELECT date(placed), strftime('%Y', bets.placed), strftime(?, placed) FROM bets",
    'SELECT "bets"."id" FROM "bets" WHERE "bets"."id" = ?',
]


def _refusal(sql: str, dialect: str, *pure: str) -> Reason | None:
    grammar = grammar_of(dialect)
    try:
        refuse_impure(parse_query(sql, grammar), grammar, pure)
    except Refusal as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize("dialect", ["mysql", "mariadb", "sqlite"])
@pytest.mark.parametrize(("sql", "reason"), REFUSED_EVERYWHERE.values(), ids=REFUSED_EVERYWHERE)
def test_refused_whatever_the_dialect(sql: str, reason: Reason, dialect: str) -> None:
    assert _refusal(sql, dialect) is reason


@pytest.mark.parametrize(("sql", "reason"), REFUSED_ON_MYSQL.values(), ids=REFUSED_ON_MYSQL)
def test_refused_on_mysql(sql: str, reason: Reason) -> None:
    assert _refusal(sql, "mysql") is reason


@pytest.mark.parametrize(("sql", "reason"), REFUSED_ON_SQLITE.values(), ids=REFUSED_ON_SQLITE)
def test_refused_on_sqlite(sql: str, reason: Reason) -> None:
    assert _refusal(sql, "sqlite") is reason


@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
@pytest.mark.parametrize("sql", PURE_EVERYWHERE)
def test_pure_whatever_the_dialect(sql: str, dialect: str) -> None:
    assert _refusal(sql, dialect) is None


@pytest.mark.parametrize("sql", PURE_ON_MYSQL)
def test_pure_on_mysql(sql: str) -> None:
    assert _refusal(sql, "mysql") is None


@pytest.mark.parametrize("sql", PURE_ON_SQLITE)
def test_pure_on_sqlite(sql: str) -> None:
    assert _refusal(sql, "sqlite") is None


def test_a_function_that_is_said_to_be_pure_is_believed() -> None:
    assert _refusal("SELECT total_of(1)", "mysql", "TOTAL_OF") is None


def test_other_dialects_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        grammar_of("postgresql")
    assert refused.value.reason is Reason.DIALECT
