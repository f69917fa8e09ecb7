from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dbsbm.monitor.counting.recorder import NullRecorder
from dbsbm.monitor.readings.calls import call_observer
from dbsbm.providers.gateway import CallRecord
from dbsbm.providers.model import QuotaState
from tests.unit.monitor.readings.spy import SpyRecorder


def totals_of(**changes: Any) -> dict[str, float]:
    values = {
        "provider": "espn",
        "endpoint": "scoreboard",
        "status": 200,
        "outcome": "ok",
        "sent": True,
        "elapsed": 0.5,
        "cost": 1,
        "quota": None,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    recorder = SpyRecorder()
    observe = call_observer(recorder)
    assert observe is not None
    observe(CallRecord(**{**values, **changes}))
    return recorder.totals()


def test_a_call_is_recorded_with_its_time_and_its_cost() -> None:
    assert totals_of() == {
        "provider.call|endpoint=scoreboard,outcome=ok,provider=espn": 0.5,
        "provider.cost|provider=espn": 1,
    }


def test_a_call_that_was_never_made_has_no_time() -> None:
    assert totals_of(sent=False, outcome="quota", cost=0) == {
        "provider.refused|endpoint=scoreboard,outcome=quota,provider=espn": 1
    }


def test_what_the_plan_has_left_is_a_gauge() -> None:
    totals = totals_of(quota=QuotaState(day_limit=100, day_remaining=7))
    assert totals["provider.quota_left|provider=espn"] == 7


def test_nothing_observes_where_nothing_is_measured() -> None:
    assert call_observer(NullRecorder()) is None
