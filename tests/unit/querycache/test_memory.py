"""A process may see any number of statements, and remembers of few of them little."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.dialects import mysql
from sqlglot import exp

from dbsbm.querycache.reading import plans
from dbsbm.querycache.reading.plans import Planner, QueryPlan
from dbsbm.querycache.refusals import Refusal

DIALECT = mysql.dialect()
TABLES = MetaData()
Table("bets", TABLES, Column("id", Integer, primary_key=True))


def living(kind: type) -> int:
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM bets WHERE id = 7",
        "SELECT RAND() FROM bets",
        "SELECT id FROM bets; SELECT id FROM bets",
        "SELECT id FROM bets FOR UPDATE",
        "SELECT FROM WHERE bets",
    ],
    ids=["cached", "refused", "several", "locking", "unreadable"],
)
def test_of_a_text_that_was_read_no_piece_stays(text: str) -> None:
    planner, before = Planner(TABLES), living(exp.Expr)
    with suppress(Refusal):
        planner.plan(text, DIALECT)
    assert living(exp.Expr) == before


def test_a_text_that_is_refused_again_is_refused_for_the_same_reason() -> None:
    planner, told = Planner(TABLES), []
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            planner.plan("SELECT RAND() FROM bets", DIALECT)
        told.append((refused.value.reason, refused.value.detail))
    assert told[0] == told[1]


def test_plans_of_the_latest_texts_alone_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "_REMEMBERED", 20)
    planner, before = Planner(TABLES), living(QueryPlan)
    for number in range(200):
        planner.plan(f"SELECT id FROM bets WHERE id = {number}", DIALECT)
    assert living(QueryPlan) == before + 20
