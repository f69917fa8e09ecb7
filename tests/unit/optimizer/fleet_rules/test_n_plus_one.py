from __future__ import annotations

import pytest

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Counters
from dbsbm.optimizer.missing import NotEnabledError
from dbsbm.optimizer.rules.fleet import n_plus_one
from tests.unit.optimizer.evidence import counters, evidence, total

TASK = "tasks.bets.place"


def repeated(
    *,
    runs: float = 50,
    calls: float = 1000,
    seconds: float = 2.0,
    kind: str = "sql",
    call: str = "ab12",
) -> Counters:
    labels = {"task": TASK, "kind": kind, "call": call}
    return counters(
        total("task.run.count", 100, task=TASK, queue="interactive", outcome="ok"),
        total("task.repeating_runs", runs, **labels),
        total("task.repeated_calls", calls, **labels),
        total("task.repeated_seconds", seconds, **labels),
    )


def found(of: Counters, texts: dict[str, str] | None = None) -> list[Finding]:
    return n_plus_one.examine(evidence(counters=of, statements=texts or {}))


def test_a_statement_that_is_run_once_a_row_is_named_with_its_task_and_its_text() -> None:
    (finding,) = found(repeated(), {"ab12": "SELECT a FROM legs WHERE bet_id = ?"})
    assert finding.object == "ab12 in tasks.bets.place"
    assert finding.severity == "warning"
    assert finding.evidence["statement"] == "SELECT a FROM legs WHERE bet_id = ?"
    assert "20 times in each of 50 runs, 50% of all, which takes 40 ms of each" in finding.cause


@pytest.mark.parametrize(
    "few", [{"runs": 4, "calls": 80}, {"seconds": 0.09}, {"runs": 0, "calls": 0, "seconds": 0}]
)
def test_what_is_rare_or_costs_nothing_is_not_worth_a_word(few: dict[str, float]) -> None:
    assert found(repeated(**few)) == []


@pytest.mark.parametrize(
    ("kind", "call", "severity"),
    [
        ("cache", "team_data", "warning"),
        ("provider", "espn football/fixture", "warning"),
        ("discord", "GET /guilds/{id}/members/{id}", "warning"),
        ("discord", "POST /channels/{id}/messages", "info"),
    ],
)
def test_every_kind_of_call_is_named(kind: str, call: str, severity: str) -> None:
    (finding,) = found(repeated(kind=kind, call=call))
    assert (finding.severity, finding.evidence["call"]) == (severity, call)
    assert finding.fix


def test_a_fleet_that_measures_no_tasks_is_not_called_healthy() -> None:
    with pytest.raises(NotEnabledError, match="No task has run"):
        found(counters())
