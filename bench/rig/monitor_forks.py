"""`ours|prometheus LIFETIMES`: children come, count and go; then all is read at once."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import redis

from bench.rig.monitor_child import in_fork
from dbsbm.monitor.counting.handover import Handover
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.store.condense import condense

TASKS = [f"tasks.room{number}.do" for number in range(15)]
OBSERVATIONS = 300


def ours(lifetimes: int) -> dict[str, float]:
    """Children deliver to the broker; a sampler reads."""
    client = redis.Redis.from_url(os.environ["BENCH_BROKER"])
    recorder = Recorder(client)

    def live() -> None:
        for number in range(OBSERVATIONS):
            task = TASKS[number % len(TASKS)]
            recorder.observe("task.run", 0.001 * (number + 1), task=task, queue="images")
            recorder.observe("task.wait", 0.0005 * (number + 1), task=task, queue="images")
            recorder.add("task.done", 1, task=task, outcome="ok")
        recorder.close()

    for _ in range(lifetimes):
        in_fork(live)
    keys = [*client.keys("dbsbm:metrics:minute*")]
    stored = sum(client.memory_usage(key, samples=0) or 0 for key in keys)
    began = time.process_time()
    batch = Handover(client).take()
    series = [condense(minute) for minute in batch.minutes.values()]
    seconds = time.process_time() - began
    done = sum(
        stats.total for found in series for key, stats in found.items() if key.name == "task.done"
    )
    return {"seconds": seconds, "bytes": stored, "done": done / 2}


def prometheus(lifetimes: int) -> dict[str, float]:
    """Children leave files behind; a scrape reads them all."""
    from prometheus_client import (  # noqa: PLC0415 - the environment decides at the import
        CollectorRegistry,
        Counter,
        Histogram,
        generate_latest,
    )
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    run = Histogram("task_run", "Seconds.", ["task", "queue"])
    wait = Histogram("task_wait", "Seconds.", ["task", "queue"])
    done = Counter("task_done", "Tasks.", ["task", "outcome"])

    def live() -> None:
        for number in range(OBSERVATIONS):
            task = TASKS[number % len(TASKS)]
            run.labels(task, "images").observe(0.001 * (number + 1))
            wait.labels(task, "images").observe(0.0005 * (number + 1))
            done.labels(task, "ok").inc()

    for _ in range(lifetimes):
        in_fork(live)
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    stored = sum(file.stat().st_blocks * 512 for file in folder.glob("*.db"))
    began = time.process_time()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text = generate_latest(registry).decode()
    seconds = time.process_time() - began
    counted = [line for line in text.splitlines() if line.startswith("task_done_total")]
    return {
        "seconds": seconds,
        "bytes": stored,
        "done": sum(float(line.rpartition(" ")[2]) for line in counted),
    }


CONTENDERS: dict[str, Callable[[int], dict[str, float]]] = {"ours": ours, "prometheus": prometheus}

if __name__ == "__main__":
    print(json.dumps(CONTENDERS[sys.argv[1]](int(sys.argv[2]))))
