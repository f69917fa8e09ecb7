"""Do workers hold messages that they do not run?

Evidence: messages that workers hold and have not acknowledged, by steps of ten minutes, against the
pool processes of all workers.

A worker of this fleet holds what it runs and nothing else, so more than one message a process is
either a retry that waits for its time or a prefetch above one. Found where for an hour more than
twice as many messages were held as processes lived, and ten more: what one worker holds, an idle
one cannot take, and a kill strands all of it. Silent where no process was measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.pools import count_processes
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import counted

NAME = "fleet.prefetch"

TIMES = 2.0
MORE = 10.0
STEPS = 6
"""An hour: a burst of retries is over within the minutes that they wait."""


def examine(evidence: Evidence) -> list[Finding]:
    """Find messages that are held back."""
    curves = present(evidence.curves)
    held = _longest_run(curves)
    return [_finding(held, curves)] if len(held) >= STEPS else []


def _longest_run(curves: Curves) -> Sequence[tuple[float, float]]:
    """Messages held and processes, of the longest run of steps with too many."""
    processes = count_processes(curves)
    longest: list[tuple[float, float]] = []
    run: list[tuple[float, float]] = []
    for curve in curves.of("queue.unacknowledged"):
        for reading in curve.readings:
            count = processes.get(reading.at, 0)
            is_many = count and reading.mean > max(TIMES * count, count + MORE)
            run = [*run, (reading.mean, count)] if is_many else []
            longest = max(longest, run, key=len)
    return longest


def _finding(held: Sequence[tuple[float, float]], curves: Curves) -> Finding:
    messages = sum(each for each, _ in held) / len(held)
    processes = sum(each for _, each in held) / len(held)
    retries = sum(
        reading.count
        for curve in curves.of("task.run", outcome="retry")
        for reading in curve.readings
    )
    return Finding(
        rule=NAME,
        object="messages held by workers",
        severity="warning",
        cause=f"Workers held {messages:.0f} messages on average for {len(held) / STEPS:.1f} hours, "
        f"with {counted(round(processes), 'process', 'processes')} to run them; "
        f"{counted(round(retries), 'run')} of the window ended in "
        "another try.",
        evidence={"held": messages, "processes": processes, "steps": len(held), "retries": retries},
        fix=(
            "Keep worker_prefetch_multiplier = 1 in celeryconfig.py, and restart the workers.",
            "Where they are retries: remove what the task waits for, see fleet.retries.",
        ),
        revert=("Set worker_prefetch_multiplier back.",),
        expected_gain=f"{counted(round(messages - processes), 'message')} "
        "that an idle process could take.",
        confidence=0.9,
        risk="low",
    )
