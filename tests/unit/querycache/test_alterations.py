"""Which statements give their connection a state of its own."""

from __future__ import annotations

import pytest

from dbsbm.querycache.sql.textual import understand

ALTERING = [
    ("CREATE TEMPORARY TABLE bets (id INT)", "mysql"),
    ("CREATE OR REPLACE TEMPORARY TABLE bets (id INT)", "mysql"),
    ("CREATE /*!32302 TEMPORARY */ TABLE bets (id INT)", "mysql"),
    ("USE `other`", "mysql"),
    ("SET time_zone = '+09:00'", "mysql"),
    ("SET SESSION sql_mode = ''", "mysql"),
    ("SET @@lc_time_names = 'de_DE'", "mysql"),
    ("SET @@session.group_concat_max_len = 4", "mysql"),
    ("SET autocommit = 0, time_zone = 'UTC'", "mysql"),
    ("SET @a = 1, div_precision_increment = 1", "mysql"),
    ("SET NAMES latin1", "mysql"),
    ("SET ROLE reader", "mysql"),
    ("CALL settle()", "mysql"),
    ("EXECUTE IMMEDIATE 'SET time_zone = 1'", "mysql"),
    ("SELECT 1; USE other", "mysql"),
    ("CREATE TEMP VIEW v AS SELECT 1", "sqlite"),
    ("create temporary trigger a after insert on b begin select 1; end", "sqlite"),
    ("CREATE TABLE IF NOT EXISTS temp.bets (id)", "sqlite"),
    ('CREATE VIEW "temp".v AS SELECT 1', "sqlite"),
    ("ATTACH 'other.db' AS other", "sqlite"),
    ("DETACH other", "sqlite"),
    ("PRAGMA case_sensitive_like = ON", "sqlite"),
    ("PRAGMA main.case_sensitive_like(1)", "sqlite"),
]
HARMLESS = [
    ("CREATE TABLE bets (temp INT, temporary INT)", "mysql"),
    ("CREATE VIEW v AS SELECT temp.id FROM temp", "mysql"),
    ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "mysql"),
    ("SET @@session.transaction_isolation = 'READ-COMMITTED', autocommit = 1", "mysql"),
    ("SET STATEMENT max_statement_time = 1, sort_buffer_size = 9 FOR SELECT 1", "mysql"),
    ("SET innodb_lock_wait_timeout = 1", "mysql"),
    ("SET FOREIGN_KEY_CHECKS=0", "mysql"),
    ("SET @time_zone = 'UTC', @b := 2", "mysql"),
    ("DO release_lock('a')", "mysql"),
    ("XA COMMIT 'a'", "mysql"),
    ("DROP VIEW v", "mysql"),
    ("SELECT 1", "mysql"),
    ("PRAGMA foreign_keys = ON", "sqlite"),
    ("PRAGMA table_info('bets')", "sqlite"),
    ("PRAGMA case_sensitive_like_or_so", "sqlite"),
    ("CREATE INDEX temp ON bets (id)", "sqlite"),
    ("UPDATE bets SET id = 1", "sqlite"),
]


@pytest.mark.parametrize(("sql", "dialect"), ALTERING)
def test_what_makes_later_answers_differ_is_told(sql: str, dialect: str) -> None:
    assert understand(sql, dialect).alters


@pytest.mark.parametrize(("sql", "dialect"), HARMLESS)
def test_what_leaves_later_answers_as_they_are_is_not(sql: str, dialect: str) -> None:
    assert not understand(sql, dialect).alters
