"""What the engine does that is no rule's own matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbsbm.monitor.alerts.engine import Engine
from dbsbm.monitor.alerts.forms.level import Level
from dbsbm.monitor.alerts.rulefile import load_rules
from dbsbm.monitor.alerts.track import Reading

(BEAT,) = [rule for rule in load_rules() if rule.name == "beat-silent"]


def test_a_rule_that_cannot_be_judged_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    judge = Level.judge

    def breaks(self: Level, *moment: Any, **since: Any) -> Any:
        if self.rule.name == "broken":
            raise ZeroDivisionError
        return judge(self, *moment, **since)

    monkeypatch.setattr(Level, "judge", breaks)
    engine = Engine([replace(BEAT, name="broken"), BEAT])
    for rule in engine.rules:
        engine.feed(rule, "", [Reading(60.0 * minute, 500.0) for minute in range(30)])

    fired = [each for minute in range(30) for each in engine.evaluate(60.0 * minute)]

    assert {each.rule.name for each in fired if each.kind == "fired"} == {"beat-silent"}
    assert "The rule broken could not be judged." in caplog.text
