"""Do tasks wait for a free worker?

Evidence: tasks of each queue and those that waited more than a second; the time that its tasks ran.

Silent for a queue with fewer than 200 tasks, and where the Wilson lower bound of the share that
waited is not above 5 %.
"""

from __future__ import annotations

from datetime import timedelta

from dbsbm.monitor.readings.tasks import LONG_WAIT_SECONDS
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Counters, Evidence
from dbsbm.optimizer.fleet.pools import AWAITED
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "fleet.queue_waits"

MIN_TASKS = 200
TOLERATED_SHARE = 0.05


def examine(evidence: Evidence) -> list[Finding]:
    """Find the queues whose tasks wait for a worker."""
    counters, covered = present(evidence.counters), present(evidence.covered)
    tasks = counters.by_label("task.wait.count", "queue")
    return [
        _finding(counters, queue, number, covered)
        for queue, number in sorted(tasks.items())
        if _is_waiting(number, counters.sum("task.wait_long", queue=queue))
    ]


def _is_waiting(tasks: float, long: float) -> bool:
    if tasks < MIN_TASKS:
        return False
    lower, _ = wilson_bounds(min(long, tasks), tasks)
    return lower > TOLERATED_SHARE


def _finding(counters: Counters, queue: str, tasks: float, covered: timedelta) -> Finding:
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
        f"{running:.2f} tasks ran at once on average{_heaviest(by_task, busy)}.",
        evidence={
            "tasks": tasks,
            "waited": long,
            "share_bounds": wilson_bounds(min(long, tasks), tasks),
            "mean_wait_seconds": counters.sum("task.wait.sum", queue=queue) / tasks,
            "mean_running": running,
            "run_seconds_by_task": by_task,
        },
        fix=(
            f"Start another worker for the queue {queue}, or raise its concurrency.",
            "Or make the task that takes most of the time faster.",
        ),
        revert=("Stop the added worker.",),
        expected_gain=f"{long:.0f} waits of more than {LONG_WAIT_SECONDS:.0f} s in the window.",
        confidence=0.975,
        risk="low",
    )


def _heaviest(by_task: dict[str, float], busy: float) -> str:
    if not busy:
        return ""
    task = max(by_task, key=lambda name: by_task[name])
    return f", {by_task[task] / busy:.0%} of the time in {task}"
