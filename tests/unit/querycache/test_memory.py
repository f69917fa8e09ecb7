"""A process may see any number of statements, and remembers of few of them little."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.dialects import mysql
from sqlglot import exp

from dbsbm.querycache.reading import plans
from dbsbm.querycache.reading.plans import Planner
from dbsbm.querycache.refusals import Refusal
from dbsbm.querycache.sql.textual import understand

DIALECT = mysql.dialect()
TABLES = MetaData()
Table("bets", TABLES, Column("id", Integer, primary_key=True))


TEXTS = [
    "SELECT id FROM bets WHERE id = 7",
    "SELECT RAND() FROM bets",
    "SELECT id FROM bets; SELECT id FROM bets",
    "SELECT id FROM bets FOR UPDATE",
    "SELECT FROM WHERE bets",
    "UPDATE bets SET id = 7",
]


def nodes_of_syntax() -> int:
    gc.collect()
    return sum(isinstance(each, exp.Expr) for each in gc.get_objects())


def test_of_texts_that_were_read_no_piece_stays() -> None:
    planner, before = Planner(TABLES), nodes_of_syntax()
    for text in TEXTS:
        with suppress(Refusal):
            planner.plan(text, DIALECT)
        understand(text, "mysql")
    assert nodes_of_syntax() == before


def test_a_text_that_is_refused_again_is_refused_for_the_same_reason() -> None:
    planner, told = Planner(TABLES), []
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            planner.plan("SELECT RAND() FROM bets", DIALECT)
        told.append((refused.value.reason, refused.value.detail))
    assert told[0] == told[1]


def test_plans_of_the_latest_texts_alone_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "_REMEMBERED", 20)
    planner = Planner(TABLES)
    for number in range(100):
        planner.plan(f"SELECT id FROM bets WHERE id = {number}", DIALECT)
    assert planner._remembered.cache_info().currsize == 20
