from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dbsbm.cache.categories import Category
from dbsbm.cache.stats import Stats
from dbsbm.monitor.readings.cache_counts import watch_cache
from dbsbm.monitor.readings.calls import call_observer
from dbsbm.monitor.readings.tasks import observe_task
from dbsbm.providers.gateway import CallRecord
from tests.unit.monitor.doubles import OfflineRecorder


def test_a_task_is_recorded_by_name_queue_and_outcome() -> None:
    recorder = OfflineRecorder()
    observe_task(
        recorder,
        name="tasks.slips.render",
        queue="images",
        wait_seconds=0.25,
        run_seconds=2.0,
        outcome="ok",
    )
    assert recorder.sums() == {
        "task.run.count|outcome=ok,queue=images,task=tasks.slips.render": 1,
        "task.run.sum|outcome=ok,queue=images,task=tasks.slips.render": 2.0,
        "task.wait.count|queue=images": 1,
        "task.wait.sum|queue=images": 0.25,
    }


@pytest.mark.parametrize(("wait", "expected"), [(1.5, 1), (0.9, None), (-3.0, None), (None, None)])
def test_a_long_wait_is_counted(wait: float | None, expected: int | None) -> None:
    recorder = OfflineRecorder()
    observe_task(recorder, name="t", queue="q", wait_seconds=wait, run_seconds=0.1, outcome="ok")
    sums = recorder.sums()
    assert sums.get("task.wait_long|queue=q") == expected
    assert sums.get("task.wait.sum|queue=q", 0) >= 0


def call(**changes: Any) -> CallRecord:
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
    return CallRecord(**{**values, **changes})


def test_a_call_is_recorded_with_its_time_and_its_cost() -> None:
    recorder = OfflineRecorder()
    call_observer(recorder)(call())
    assert recorder.sums() == {
        "provider.call.count|endpoint=scoreboard,outcome=ok,provider=espn": 1,
        "provider.call.sum|endpoint=scoreboard,outcome=ok,provider=espn": 0.5,
        "provider.cost|provider=espn": 1,
    }


def test_a_call_that_was_never_made_has_no_time() -> None:
    recorder = OfflineRecorder()
    call_observer(recorder)(call(sent=False, outcome="quota", cost=0))
    assert recorder.sums() == {
        "provider.refused|endpoint=scoreboard,outcome=quota,provider=espn": 1
    }


def test_what_the_cache_counts_is_recorded_once_and_left_to_its_own_totals() -> None:
    recorder, stats = OfflineRecorder(), Stats()
    watch_cache(stats, recorder)
    stats.hit(Category.GAME_DATA, 100)
    stats.missed(Category.GAME_DATA)
    recorder.flush()
    stats.hit(Category.GAME_DATA, 50)
    recorder.flush()
    recorder.flush()
    assert recorder.sums() == {
        "cache.hits|category=game_data": 2,
        "cache.misses|category=game_data": 1,
        "cache.bytes_read|category=game_data": 150,
    }
    assert stats.drain()[Category.GAME_DATA].hits == 2


def test_the_counts_of_a_forked_child_begin_at_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder, stats = OfflineRecorder(), Stats()
    watch_cache(stats, recorder)
    stats.hit(Category.SESSION, 1)
    recorder.flush()
    recorder.collect()
    monkeypatch.setattr("os.getpid", lambda: 1)
    stats.renew()  # as the cache does after a fork
    for _ in range(3):
        stats.hit(Category.SESSION, 1)
    recorder.flush()
    assert recorder.sums()["cache.hits|category=session"] == 3
