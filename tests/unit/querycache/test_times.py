"""MySQL gives a TIME today's date where a date is wanted: such answers are the clock's."""

from __future__ import annotations

import pytest
from sqlalchemy import TIMESTAMP, Column, Date, DateTime, Integer, MetaData, String, Table, Time
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.types import NullType, TypeDecorator

from dbsbm.querycache.reading.plans import Planner
from dbsbm.querycache.refusals import Reason, Refusal

METADATA = MetaData()
Table(
    "bets",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("placed", DateTime),
    Column("day", Date),
    Column("seen", TIMESTAMP),
    Column("note", String(20)),
)


class _OfDay(TypeDecorator[object]):
    impl = Time
    cache_ok = True


Table("shifts", METADATA, Column("t", Time))
Table("breaks", METADATA, Column("t", mysql.TIME(fsp=6)))
Table("pauses", METADATA, Column("t", String(8).with_variant(mysql.TIME(), "mysql")))
Table("meals", METADATA, Column("t", _OfDay))
Table("rests", METADATA, Column("t", NullType))

OF_NO_TIME = [
    "SELECT DATE(placed), YEAR(day), CAST(seen AS DATE), TIMESTAMP(note) FROM bets",
    "SELECT d.x FROM (SELECT CAST(placed AS DATETIME) AS x FROM bets) AS d",
    "WITH d AS (SELECT id, placed FROM bets) SELECT DATE(placed) FROM d",
    "SELECT placed + INTERVAL 1 DAY FROM bets WHERE DATE(%s) = CAST('2026-01-01' AS DATE)",
    "SELECT t, HOUR(t), CAST(t AS CHAR) FROM shifts WHERE t < '10:00'",
    "SELECT TIME(placed) FROM bets",
    "SELECT `date` FROM elsewhere",
]
OF_A_TIME = [
    "SELECT CAST(CAST('10:00:00' AS TIME) AS DATETIME)",
    "SELECT CONVERT(TIME '10:00:00', DATETIME(6))",
    "SELECT TIMESTAMP(MAKETIME(1, 2, 3))",
    "SELECT DATE(SEC_TO_TIME(%s))",
    "SELECT YEAR(TIMEDIFF(placed, seen)) FROM bets",
    "SELECT DATE(STR_TO_DATE('10', '%%H'))",
    "SELECT DATE_FORMAT(t, '%%Y') FROM shifts",
    "SELECT CAST(t AS DATE) FROM breaks",
    "SELECT TIMESTAMP(t) FROM pauses",
    "SELECT EXTRACT(YEAR FROM t) FROM meals",
    "SELECT DATE(t) FROM rests",
    "SELECT DATE(t) FROM elsewhere",
    "SELECT DATE(x.t) FROM (SELECT MAX(t) AS t FROM shifts) AS x",
    "SELECT DATE(house_opens(1))",
]


def _refusal(sql: str, dialect: object) -> Reason | None:
    try:
        Planner(METADATA, {"HOUSE_OPENS"}).plan(sql, dialect)  # type: ignore[arg-type]
    except Refusal as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize("sql", OF_NO_TIME)
def test_dates_of_what_is_no_time_are_cached(sql: str) -> None:
    assert _refusal(sql, mysql.dialect()) is None


@pytest.mark.parametrize("sql", OF_A_TIME)
def test_dates_of_what_may_be_a_time_are_refused(sql: str) -> None:
    assert _refusal(sql, mysql.dialect()) is Reason.FUNCTION


def test_sqlite_casts_take_no_date_from_the_clock() -> None:
    assert _refusal("SELECT CAST(t AS DATE) FROM shifts", sqlite.dialect()) is None
