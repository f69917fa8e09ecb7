"""Tasks by name, queue and outcome: how long they waited and how long they ran."""

from __future__ import annotations

import logging

from dbsbm.monitor.counting.recorder import Recorder

performance = logging.getLogger("dbsbm.performance")

LONG_WAIT_SECONDS = 1.0
"""A third of what Discord grants an answer."""


def observe_task(
    recorder: Recorder,
    *,
    name: str,
    queue: str,
    wait_seconds: float | None,
    run_seconds: float,
    outcome: str,
) -> None:
    """Record a task that has ended.

    Args:
        recorder: Where the readings go.
        name: The task's name.
        queue: The queue it came from.
        wait_seconds: From being sent to being started; None where the message does not say.
        run_seconds: From being started to its end.
        outcome: A word such as `ok` or `failed`.
    """
    recorder.observe("task.run", run_seconds, task=name, queue=queue, outcome=outcome)
    if wait_seconds is not None:
        # Clocks of two hosts may disagree by more than the wait.
        wait_seconds = max(0.0, wait_seconds)
        recorder.observe("task.wait", wait_seconds, queue=queue)
        if wait_seconds > LONG_WAIT_SECONDS:
            recorder.add("task.wait_long", queue=queue)
    performance.debug(
        "Task %s: %s.",
        name,
        outcome,
        extra={
            "action": "task.done",
            "queue": queue,
            "wait_seconds": wait_seconds,
            "run_seconds": run_seconds,
        },
    )
