"""Tasks by name, queue and outcome: how long they waited and ran, what was retried and what failed.

A wait is the time that a message could have been taken and was not: without an ETA, without the
pause before a retry, and by one clock (`dbsbm.wire.stamp`). A message that came again after its
worker was killed has no wait, as the time of the first run would be in it: it is counted.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.counting.tally import Bound

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


class TaskWatch:
    """Records the tasks of one process.

    Args:
        recorder: Where to.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        # Tasks and queues are constants of the code.
        self._known: dict[tuple[str, str], _Known] = {}

    def ended(self, run: TaskRun) -> None:
        """Record a task that has ended."""
        recorder = self._recorder
        known = self._known.get((run.name, run.queue))
        if known is None:
            known = self._known[run.name, run.queue] = _Known(recorder, run)
        if run.outcome == "ok":
            known.successes.observe(run.run_seconds)
        else:
            recorder.observe(
                "task.run", run.run_seconds, task=run.name, queue=run.queue, outcome=run.outcome
            )
            self._count_outcome(run)
        if run.wait_seconds is not None:
            known.waits.observe(run.wait_seconds)
            if run.wait_seconds > LONG_WAIT_SECONDS:
                recorder.add("task.wait_long", queue=run.queue)
        if run.redelivered:
            recorder.add("task.redelivered", task=run.name)
        if performance.isEnabledFor(logging.DEBUG):
            _log(run)

    def _count_outcome(self, run: TaskRun) -> None:
        if run.outcome == "retry":
            self._recorder.add("task.retries", task=run.name)
        elif run.outcome == "failed":
            self._recorder.add("task.failures", task=run.name, error=run.error)


class _Known:
    """A task that ran before in a queue: its series, ready to be counted."""

    __slots__ = ("successes", "waits")

    def __init__(self, recorder: Recorder, run: TaskRun) -> None:
        self.successes: Bound = recorder.bind(
            "task.run", task=run.name, queue=run.queue, outcome="ok"
        )
        self.waits: Bound = recorder.bind("task.wait", task=run.name, queue=run.queue)


def _log(run: TaskRun) -> None:
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
