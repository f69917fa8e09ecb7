"""Tasks by name, queue and outcome: how long they waited and ran, what was retried and what failed.

A wait is the time that a message could have been taken and was not: without an ETA, without the
pause before a retry, and by one clock (`dbsbm.wire.stamp`). A message that came again after its
worker was killed has no wait, as the time of the first run would be in it: it is counted.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from dbsbm.monitor.counting.recorder import Recorder

performance = logging.getLogger("dbsbm.performance")

LONG_WAIT_SECONDS = 1.0
"""A third of what Discord grants an answer."""


class TaskRun(NamedTuple):
    """A task that has ended.

    Attributes:
        wait_seconds: From when it could be taken to being started; None where nobody knows.
        run_seconds: From being started to its end.
        outcome: ok, retry, refused (an answer to the member), failed or poison.
        error: Name of the error's class where it failed or is tried again.
        redelivered: Its worker was killed, and the message came again.
    """

    name: str
    queue: str
    wait_seconds: float | None
    run_seconds: float
    outcome: str
    error: str | None = None
    redelivered: bool = False


def observe_task(recorder: Recorder, run: TaskRun) -> None:
    """Record a task that has ended."""
    recorder.observe(
        "task.run", run.run_seconds, task=run.name, queue=run.queue, outcome=run.outcome
    )
    if run.wait_seconds is not None:
        recorder.observe("task.wait", run.wait_seconds, task=run.name, queue=run.queue)
        if run.wait_seconds > LONG_WAIT_SECONDS:
            recorder.add("task.wait_long", queue=run.queue)
    if run.redelivered:
        recorder.add("task.redelivered", task=run.name)
    if run.outcome == "retry":
        recorder.add("task.retries", task=run.name)
    elif run.outcome == "failed":
        recorder.add("task.failures", task=run.name, error=run.error)
    if performance.isEnabledFor(logging.DEBUG):
        performance.debug(
            "Task %s: %s.",
            run.name,
            run.outcome,
            extra={
                "action": "task.done",
                "queue": run.queue,
                "wait_seconds": run.wait_seconds,
                "run_seconds": run.run_seconds,
            },
        )
