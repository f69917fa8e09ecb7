from __future__ import annotations

from typing import Any

import pytest

from dbsbm.optimizer.analyse import examine
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.missing import NotEnabledError
from tests.unit.optimizer.evidence import evidence


def found(severity: Any, name: str = "o") -> list[Finding]:
    return [Finding("r", name, severity, "c", {}, ("f",), "g", 1.0, "low")]


def broken(_: Evidence) -> list[Finding]:
    raise ZeroDivisionError("secret detail")


def blind(_: Evidence) -> list[Finding]:
    raise NotEnabledError("It needs samples.")


def test_a_rule_that_fails_is_reported_and_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rules = {"broken": broken, "blind": blind, "works": lambda _: found("info")}
    examination = examine(evidence(), rules)
    assert [finding.severity for finding in examination.findings] == ["info"]
    assert examination.not_enabled == {
        "broken": "The rule failed (ZeroDivisionError).",
        "blind": "It needs samples.",
    }
    assert "The rule broken failed." in caplog.messages


def test_what_another_rule_has_said_already_is_not_said_again() -> None:
    said = {"r": "s"}
    first = examine(evidence(), {"works": lambda _: found("info", "a")})
    first.add(examine(evidence(), {"works": lambda _: found("info", "b")}), said=said)
    assert [each.object for each in first.findings] == ["a", "b"]
    first.add(examine(evidence(), {"works": lambda _: found("info", "c")}), said={"r": "r"})
    assert [each.object for each in first.findings] == ["a", "b"]


def test_the_worst_comes_first() -> None:
    rules = {
        "a": lambda _: found("info"),
        "b": lambda _: found("critical"),
        "c": lambda _: found("warning"),
    }
    examination = examine(evidence(), rules)
    assert [each.severity for each in examination.findings] == ["critical", "warning", "info"]


def test_health_needs_rules_that_could_look_and_found_nothing_bad() -> None:
    assert examine(evidence(), {"a": lambda _: []}).healthy
    assert examine(evidence(), {"a": lambda _: found("info")}).healthy
    assert not examine(evidence(), {"a": lambda _: found("warning")}).healthy
    assert not examine(evidence(), {"a": lambda _: [], "b": blind}).healthy
