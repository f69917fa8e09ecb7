"""Do short tasks wait behind long ones in one queue?

Evidence: of each queue, how long its tasks ran by name and how long they waited.

Found where one task takes half of the queue's time, runs for a second or more and ten times as long
as the others on average, and the others wait: by the Wilson lower bound, more than 5 % of the
queue's tasks waited above a second. Silent where fewer than 200 of the others ran, for a task that
makes up most of its queue's runs (then it is the queue's work, see fleet.concurrency), and for
queues that nobody waits for.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Counters, Evidence
from dbsbm.optimizer.fleet.pools import AWAITED
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import counted
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "fleet.starvation"

MIN_OTHERS = 200
MOST_OF_THE_TIME = 0.5
FEW_OF_THE_RUNS = 0.5
LONG_SECONDS = 1.0
TIMES_LONGER = 10.0
TOLERATED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class _Long:
    """The task that takes most of a queue's time, and the others together."""

    task: str
    runs: float
    seconds: float
    other_runs: float
    other_seconds: float

    @property
    def mean(self) -> float:
        return self.seconds / self.runs if self.runs else 0.0

    @property
    def other_mean(self) -> float:
        return self.other_seconds / self.other_runs if self.other_runs else 0.0


def examine(evidence: Evidence) -> list[Finding]:
    """Find the long tasks that short ones wait behind."""
    counters = present(evidence.counters)
    found = ((queue, _longest(counters, queue)) for queue in sorted(AWAITED))
    return [
        _finding(counters, queue, long)
        for queue, long in found
        if long is not None and _is_in_the_way(long) and _others_wait(counters, queue)
    ]


def _longest(counters: Counters, queue: str) -> _Long | None:
    seconds = counters.by_label("task.run.sum", "task", queue=queue)
    runs = counters.by_label("task.run.count", "task", queue=queue)
    if not seconds:
        return None
    task = max(seconds, key=lambda name: seconds[name])
    count, all_runs, all_seconds = runs.get(task, 0.0), sum(runs.values()), sum(seconds.values())
    return _Long(task, count, seconds[task], all_runs - count, all_seconds - seconds[task])


def _is_in_the_way(long: _Long) -> bool:
    share = long.seconds / (long.seconds + long.other_seconds) if long.seconds else 0.0
    return (
        long.other_runs >= MIN_OTHERS
        and share >= MOST_OF_THE_TIME
        and long.runs <= FEW_OF_THE_RUNS * long.other_runs
        and long.mean >= max(LONG_SECONDS, TIMES_LONGER * long.other_mean)
    )


def _others_wait(counters: Counters, queue: str) -> bool:
    waits = counters.sum("task.wait.count", queue=queue)
    long = counters.sum("task.wait_long", queue=queue)
    lower, _ = wilson_bounds(min(long, waits), waits)
    return lower > TOLERATED_SHARE


def _finding(counters: Counters, queue: str, long: _Long) -> Finding:
    waited = counters.sum("task.wait_long", queue=queue)
    return Finding(
        rule=NAME,
        object=f"{long.task} in {queue}",
        severity="warning",
        cause=f"{long.task} ran {counted(long.runs, 'time')} for {long.mean:.1f} s, the other "
        f"{long.other_runs:.0f} tasks of the queue {queue} for {long.other_mean:.2f} s. They wait "
        f"behind it: {counted(waited, 'task')} waited above a second.",
        evidence={
            "runs": long.runs,
            "mean_seconds": long.mean,
            "other_runs": long.other_runs,
            "other_mean_seconds": long.other_mean,
            "waited": waited,
        },
        fix=(
            f"Give {long.task} another queue in TASKS of celeryconfig.py.",
            f"Or have it do less at once, as one task of {long.mean:.1f} s blocks a process.",
        ),
        revert=(f"Route {long.task} to {queue} again.",),
        expected_gain=f"Up to {waited:.0f} waits above a second in the window.",
        confidence=0.9,
        risk="low",
    )
