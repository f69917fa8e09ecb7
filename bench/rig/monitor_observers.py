"""Processes that observe, ours and the peer's: `ours|prometheus COUNT` with labels, in a fork.

prometheus_client decides at its import, by the environment, whether it writes files for several
processes: it has to be imported in a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import redis

from bench.rig.monitor_child import in_fork
from dbsbm.monitor.counting.recorder import Recorder

BATCH = 2000


def ours() -> Callable[[float], None]:
    """Observe with labels; a thread delivers to the broker that the environment names."""
    recorder = Recorder(redis.Redis.from_url(os.environ["BENCH_BROKER"]))

    def observe(value: float) -> None:
        recorder.observe("task.run", value, task="tasks.bets.place", queue="interactive")

    return observe


def prometheus() -> Callable[[float], None]:
    """Observe with labels, as its documentation shows."""
    from prometheus_client import Histogram  # noqa: PLC0415 - see above

    histogram = Histogram("task_run", "Seconds.", ["task", "queue"])

    def observe(value: float) -> None:
        histogram.labels("tasks.bets.place", "interactive").observe(value)

    return observe


def microseconds(observe: Callable[[float], None], count: int) -> float:
    """Processor time of one observation, all threads of the process together."""
    values = [0.001 * (number % 977 + 1) for number in range(BATCH)]

    def work() -> float:
        for value in values:
            observe(value)
        began = time.process_time()
        for _ in range(count // BATCH):
            for value in values:
                observe(value)
        return (time.process_time() - began) / (count // BATCH * BATCH) * 1e6

    found: float = in_fork(work)
    return found


if __name__ == "__main__":
    contender, number = sys.argv[1:]
    print(
        json.dumps(microseconds({"ours": ours, "prometheus": prometheus}[contender](), int(number)))
    )
