"""Tasks by name, queue and outcome: how long they waited and ran, what was retried and what failed.

A wait is the time that a message could have been taken and was not: without an ETA, without the
pause before a retry, and by one clock (`dbsbm.wire.stamp`). A message that came again after its
worker was killed has no wait, as the time of the first run would be in it: it is counted.
"""

from __future__ import annotations

import logging
from math import nan

from dbsbm.monitor.counting.bound import Bound
from dbsbm.monitor.counting.recorder import Recorder

performance = logging.getLogger("dbsbm.performance")

LONG_WAIT_SECONDS = 1.0
"""A third of what Discord grants an answer."""


class TaskWatch:
    """Records the tasks of one process.

    Args:
        recorder: Where to.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        # Tasks, queues and outcomes are constants of the code.
        self._known: dict[tuple[str, str, str], Bound] = {}
        # Asked once: a process is told how much to log before it has anything to do.
        self._is_talkative = performance.isEnabledFor(logging.DEBUG)

    def ended(
        self,
        name: str,
        queue: str,
        outcome: str,
        *,
        at: float,
        run_seconds: float,
        wait_seconds: float | None,
        error: str | None = None,
        redelivered: bool = False,
    ) -> None:
        """Record a task that has ended.

        Args:
            name: The task's.
            queue: The queue that it came from.
            outcome: ok, retry, refused (an answer to the member), failed or poison.
            at: When it ended, by `time.perf_counter`.
            run_seconds: From being started to its end.
            wait_seconds: From when it could be taken to being started; None where nobody knows.
            error: Name of the error's class where it failed or is tried again.
            redelivered: Its worker was killed, and the message came again.
        """
        known = self._known.get((name, queue, outcome))
        if known is None:
            known = self._known[name, queue, outcome] = self._recorder.bind(
                ("task.run", {"task": name, "queue": queue, "outcome": outcome}),
                ("task.wait", {"task": name, "queue": queue}),
            )
        known.observe(at, run_seconds, nan if wait_seconds is None else wait_seconds)
        if outcome != "ok":
            self._count_outcome(name, outcome, error)
        if wait_seconds is not None and wait_seconds > LONG_WAIT_SECONDS:
            self._recorder.add("task.wait_long", queue=queue)
        if redelivered:
            self._recorder.add("task.redelivered", task=name)
        if self._is_talkative:
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

    def _count_outcome(self, name: str, outcome: str, error: str | None) -> None:
        if outcome == "retry":
            self._recorder.add("task.retries", task=name)
        elif outcome == "failed":
            self._recorder.add("task.failures", task=name, error=error)
