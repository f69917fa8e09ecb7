"""Is a task tried again and again without ever succeeding?

Evidence: runs by task and outcome, by steps of ten minutes. `refused` is a success: a member was
answered.

Looked at is what came after the last success of the window. Found where a task was tried again at
least 20 times in half an hour or longer since then. Silent for an outage that is over: the task
succeeded after it. Also found where it does succeed, but by the Wilson lower bound more than half
of at least 200 runs ended in another try.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "fleet.retries"

MIN_RETRIES = 20
MIN_SECONDS = 1800.0
MIN_RUNS = 200
MOST_SHARE = 0.5
_GOOD = ("ok", "refused")


@dataclass(frozen=True, slots=True)
class _Tries:
    """What became of a task since its last success, and in all."""

    retries: float
    seconds: float
    all_retries: float
    runs: float


def examine(evidence: Evidence) -> list[Finding]:
    """Find the tasks whose retries are in vain."""
    curves = present(evidence.curves)
    found = ((task, _tries(curves, task)) for task in curves.values("task.run", "task"))
    return [
        _finding(task, tries) for task, tries in found if _is_in_vain(tries) or _is_mostly(tries)
    ]


def _tries(curves: Curves, task: str) -> _Tries:
    good = [
        reading.at
        for outcome in _GOOD
        for curve in curves.of("task.run", task=task, outcome=outcome)
        for reading in curve.readings
    ]
    retries = [
        (reading.at, reading.count)
        for curve in curves.of("task.run", task=task, outcome="retry")
        for reading in curve.readings
    ]
    runs = sum(each.count for curve in curves.of("task.run", task=task) for each in curve.readings)
    last = max(good, default=0.0)
    since = sorted((at, count) for at, count in retries if at > last)
    seconds = since[-1][0] - since[0][0] if since else 0.0
    return _Tries(
        sum(count for _, count in since), seconds, sum(count for _, count in retries), runs
    )


def _is_in_vain(tries: _Tries) -> bool:
    return tries.retries >= MIN_RETRIES and tries.seconds >= MIN_SECONDS


def _is_mostly(tries: _Tries) -> bool:
    lower, _ = wilson_bounds(min(tries.all_retries, tries.runs), tries.runs)
    return tries.runs >= MIN_RUNS and lower > MOST_SHARE


def _finding(task: str, tries: _Tries) -> Finding:
    is_in_vain = _is_in_vain(tries)
    return Finding(
        rule=NAME,
        object=f"task {task}",
        severity="warning",
        cause=f"{task} was tried again {tries.retries:.0f} times in the last "
        f"{tries.seconds / 60:.0f} minutes and succeeded in none of them."
        if is_in_vain
        else f"{tries.all_retries:.0f} of {tries.runs:.0f} runs of {task} ended in another try.",
        evidence={
            "retries_since_success": tries.retries,
            "seconds_since_success": tries.seconds,
            "retries": tries.all_retries,
            "runs": tries.runs,
        },
        fix=(
            "See why in the log lines of its runs, and whether what it needs is away for long.",
            "What cannot succeed later should raise PermanentError, and is then not tried again.",
        ),
        expected_gain=f"{tries.all_retries:.0f} runs in the window that did nothing.",
        confidence=0.95,
        risk="none",
    )
