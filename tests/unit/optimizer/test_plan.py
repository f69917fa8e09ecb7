from __future__ import annotations

from typing import Any

import pytest

from dbsbm.optimizer.fleet.plan import Step, expensive_steps


@pytest.mark.parametrize(
    ("row", "steps"),
    [
        ({"table": "bets", "type": "ALL", "rows": 5000}, [Step("full scan", "bets", 5000)]),
        ({"table": "bets", "type": "index", "rows": 50}, [Step("index scan", "bets", 50)]),
        (
            {
                "table": "b",
                "type": "ALL",
                "rows": 9,
                "Extra": "Using where; Using temporary; Using filesort",
            },
            [
                Step("full scan", "b", 9),
                Step("sort", "b", 9),
                Step("temporary table", "b", 9),
            ],
        ),
        ({"table": "bets", "type": "ref", "rows": 5, "Extra": "Using where"}, []),
        ({"table": "<derived2>", "type": "ALL", "rows": 5000}, []),
        ({"type": "INSERT"}, []),
        ({"detail": "SCAN bets"}, [Step("full scan", "bets", None)]),
        ({"detail": "SCAN bets USING COVERING INDEX ix"}, [Step("index scan", "bets", None)]),
        ({"detail": "SEARCH bets USING INDEX ix (guild_id=?)"}, []),
        ({"detail": "SCAN CONSTANT ROW"}, []),
        ({"detail": "SCAN (subquery-1)"}, []),
        ({"detail": "USE TEMP B-TREE FOR ORDER BY"}, [Step("sort", "", None)]),
        ({"detail": "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"}, [Step("sort", "", None)]),
        ({"detail": "USE TEMP B-TREE FOR GROUP BY"}, [Step("temporary table", "", None)]),
    ],
)
def test_expensive_steps_are_recognised(row: dict[str, Any], steps: list[Step]) -> None:
    assert expensive_steps([row]) == steps


def test_steps_keep_the_order_of_the_plan() -> None:
    plan = [{"detail": "SCAN a"}, {"detail": "SEARCH b USING INDEX i (x=?)"}, {"detail": "SCAN c"}]
    assert [step.table for step in expensive_steps(plan)] == ["a", "c"]
