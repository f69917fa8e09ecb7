from __future__ import annotations

from typing import Any

import pytest

from dbsbm.monitor.readings.tasks import TaskWatch
from tests.unit.monitor.readings.spy import SpyRecorder


def totals_of(**changes: Any) -> dict[str, float]:
    recorder = SpyRecorder()
    values: dict[str, Any] = {
        "name": "tasks.slips.render",
        "queue": "images",
        "wait_seconds": 0.25,
        "run_seconds": 2.0,
        "outcome": "ok",
        "at": 0.0,
    }
    TaskWatch(recorder).ended(**(values | changes))
    return recorder.totals()


def test_a_task_is_recorded_by_name_queue_and_outcome() -> None:
    assert totals_of() == {
        "task.run|outcome=ok,queue=images,task=tasks.slips.render": 2.0,
        "task.wait|queue=images,task=tasks.slips.render": 0.25,
    }


@pytest.mark.parametrize(("wait", "expected"), [(1.5, 1), (0.9, None), (None, None)])
def test_a_long_wait_is_counted(wait: float | None, expected: int | None) -> None:
    assert totals_of(wait_seconds=wait).get("task.wait_long|queue=images") == expected


def test_a_retry_is_no_failure() -> None:
    totals = totals_of(outcome="retry", error="Retry")
    assert totals["task.retries|task=tasks.slips.render"] == 1
    assert not [series for series in totals if series.startswith("task.failures")]


def test_a_failure_is_counted_by_its_error() -> None:
    totals = totals_of(outcome="failed", error="SoftTimeLimitExceeded")
    assert totals["task.failures|error=SoftTimeLimitExceeded,task=tasks.slips.render"] == 1


def test_a_message_that_came_again_is_counted_and_has_no_wait() -> None:
    totals = totals_of(redelivered=True, wait_seconds=None)
    assert totals["task.redelivered|task=tasks.slips.render"] == 1
    assert not [series for series in totals if series.startswith("task.wait")]
