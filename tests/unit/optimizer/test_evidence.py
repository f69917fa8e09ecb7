from __future__ import annotations

import json

import pytest

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import Missing, NotEnabledError, present
from tests.unit.optimizer.evidence import counters, total


def test_sums_go_over_all_series_that_carry_the_labels() -> None:
    found = counters(
        total("run", 2, task="a", queue="x"),
        total("run", 3, task="b", queue="x"),
        total("run", 5, task="b", queue="y"),
        total("other", 100, queue="x"),
    )
    assert found.sum("run") == 10
    assert found.sum("run", queue="x") == 5
    assert found.sum("run", queue="z") == 0
    assert found.by_label("run", "task") == {"a": 2, "b": 8}
    assert found.by_label("run", "task", queue="x") == {"a": 2, "b": 3}


def test_the_highest_is_that_of_any_series() -> None:
    found = counters(total("x.max", 9, 4.0, a="1"), total("x.max", 9, 7.0, a="2"))
    assert found.highest("x.max") == 7.0
    assert found.highest("x.max", a="1") == 4.0
    assert found.highest("y.max") == 0


def test_a_missing_part_says_why() -> None:
    with pytest.raises(NotEnabledError, match="the server is away"):
        present(Missing("the server is away"))
    assert present(()) == ()


def finding(**changes: object) -> Finding:
    fields = {
        "rule": "r",
        "object": "o",
        "severity": "info",
        "cause": "c",
        "evidence": {"n": 1},
        "fix": ("f",),
        "expected_gain": "g",
        "confidence": 1.0,
        "risk": "low",
        **changes,
    }
    return Finding(**fields)  # type: ignore[arg-type]


def test_a_findings_id_is_of_its_rule_and_object_alone() -> None:
    assert finding().id == finding(cause="another", evidence={"n": 2}).id
    assert len({finding().id, finding(rule="s").id, finding(object="p").id}) == 3
    assert finding(rule="ab", object="c").id != finding(rule="a", object="bc").id
    assert len(finding().id) == 32


def test_a_finding_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(finding().to_dict()))["fix"] == ["f"]
