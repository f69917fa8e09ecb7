"""Do tasks wait for a free worker?

Evidence: tasks of each queue and those that waited more than a second; the time that its tasks ran;
how busy its pool was in the busiest hour, where the pool's processes were measured.

Silent for a queue with fewer than 200 tasks, and where the Wilson lower bound of the share that
waited is not above 5 %. More processes are advised where the pool had no room (as many as
fleet.concurrency would have); where it had, something else holds the tasks up, such as long ones.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from dbsbm.monitor.readings.tasks import LONG_WAIT_SECONDS
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import Counters, Evidence
from dbsbm.optimizer.fleet.load import Load, busiest_hour
from dbsbm.optimizer.fleet.pools import AWAITED, find_pools
from dbsbm.optimizer.missing import Missing, present
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "fleet.queue_waits"

MIN_TASKS = 200
TOLERATED_SHARE = 0.05
BUSY = 0.5
"""Two processes that are half busy are both busy for a third of the tasks: Erlang's C formula."""
TARGET = 0.7


def examine(evidence: Evidence) -> list[Finding]:
    """Find the queues whose tasks wait for a worker."""
    counters, covered = present(evidence.counters), present(evidence.covered)
    tasks = counters.by_label("task.wait.count", "queue")
    return [
        _finding(counters, queue, covered, _load(evidence.curves, queue))
        for queue, number in sorted(tasks.items())
        if _is_waiting(number, counters.sum("task.wait_long", queue=queue))
    ]


def _is_waiting(tasks: float, long: float) -> bool:
    if tasks < MIN_TASKS:
        return False
    lower, _ = wilson_bounds(min(long, tasks), tasks)
    return lower > TOLERATED_SHARE


def _load(curves: Curves | Missing, queue: str) -> Load | None:
    """The busiest hour of the pool that eats a queue, where it was measured."""
    if isinstance(curves, Missing):
        return None
    pools = [pool for pool in find_pools(curves) if queue in pool.queues]
    return busiest_hour(curves, pools[0]) if pools else None


def _finding(counters: Counters, queue: str, covered: timedelta, load: Load | None) -> Finding:
    tasks = counters.sum("task.wait.count", queue=queue)
    long = counters.sum("task.wait_long", queue=queue)
    by_task = counters.by_label("task.run.sum", "task", queue=queue)
    busy = sum(by_task.values())
    # Tasks that run at the same time on average: arrival rate times running time (Little's law).
    running = busy / max(1.0, covered.total_seconds())
    return Finding(
        rule=NAME,
        object=f"queue {queue}",
        severity="warning" if queue in AWAITED else "info",
        cause=f"{long:.0f} of {tasks:.0f} tasks waited more than {LONG_WAIT_SECONDS:.0f} s for a "
        f"worker, the longest {counters.highest('task.wait.max', queue=queue):.1f} s. "
        f"{running:.2f} tasks ran at once on average{_heaviest(by_task, busy)}.{_spoken(load)}",
        evidence={
            "tasks": tasks,
            "waited": long,
            "share_bounds": wilson_bounds(min(long, tasks), tasks),
            "mean_wait_seconds": counters.sum("task.wait.sum", queue=queue) / tasks,
            "mean_running": running,
            "run_seconds_by_task": by_task,
            "busiest_utilisation": None if load is None else load.utilisation,
        },
        fix=_fix(queue, load),
        revert=("Stop the added worker.",),
        expected_gain=f"{long:.0f} waits of more than {LONG_WAIT_SECONDS:.0f} s in the window.",
        confidence=0.975,
        risk="low",
    )


def _spoken(load: Load | None) -> str:
    if load is None:
        return ""
    return (
        f" In the hour from {load.start:%H:%M} UTC its pool of {load.processes:.0f} was "
        f"{load.utilisation:.0%} busy."
    )


def _fix(queue: str, load: Load | None) -> tuple[str, ...]:
    faster = "Or make the task that takes most of the time faster."
    if load is None:
        return f"Start another worker for the queue {queue}, or raise its concurrency.", faster
    if load.utilisation < BUSY:
        return (
            "Look for what holds its tasks up though its pool has room.",
            "It may be bursts within minutes, or see fleet.starvation and fleet.prefetch.",
        )
    needed = max(ceil(load.running / TARGET), ceil(load.processes) + 1)
    return f"Run {needed} pool processes for the queue {queue}: start another worker.", faster


def _heaviest(by_task: dict[str, float], busy: float) -> str:
    if not busy:
        return ""
    task = max(by_task, key=lambda name: by_task[name])
    return f", {by_task[task] / busy:.0%} of the time in {task}"
