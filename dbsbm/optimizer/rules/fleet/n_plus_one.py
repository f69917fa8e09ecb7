"""Does a task make a call once a row, where one call for all rows would do?

Evidence: what each run of a task repeated once a row, as the process itself saw it: at least five
calls of one shape with values of their own, without a pause, and neither pages nor batches nor
tries of what had failed (`dbsbm.optimizer.repetition.scope`); and how often the task ran.

Silent where fewer than 5 runs did it, where it was less than 1 % of the task's runs, and where it
took less than 2 ms of a run: that is not worth a change of the code. Nothing is named that would
not be spared, so calls of Discord that only write are told as `info`: it has no calls for many
messages.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbsbm.optimizer.finding import Finding, Severity
from dbsbm.optimizer.fleet.evidence import Counters, Evidence
from dbsbm.optimizer.missing import Missing, NotEnabledError, present
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "fleet.n_plus_one"

MIN_RUNS = 5
MIN_SHARE = 0.01
MIN_SECONDS = 0.002
_CALLS = ("sql", "cache", "provider", "discord")
_SPOKEN = {
    "sql": "the statement",
    "cache": "a read of the cache's category",
    "provider": "the provider's call",
    "discord": "Discord's call",
}
_FIX = {
    "sql": (
        "Load the rows of all at once: with selectinload, a join, or one `IN` list of their keys.",
        "Write them with one execute of a list of values.",
    ),
    "cache": ("Read all keys at once with get_many.",),
    "provider": ("Ask once for the whole day or league, and pick from the answer.",),
    "discord": ("Ask once for the whole list where Discord has one, or keep what was answered.",),
}


@dataclass(frozen=True, slots=True)
class _Loop:
    """One call that one task repeats.

    Attributes:
        runs: Runs that repeated it.
        of_runs: All runs of the task.
        calls: In all runs together.
        seconds: In all runs together.
    """

    task: str
    kind: str
    call: str
    runs: float
    of_runs: float
    calls: float
    seconds: float


def examine(evidence: Evidence) -> list[Finding]:
    """Find the calls that tasks make once a row."""
    counters = present(evidence.counters)
    if not counters.sum("task.run.count"):
        raise NotEnabledError("No task has run and been measured.")
    texts = {} if isinstance(evidence.statements, Missing) else evidence.statements
    return [
        _finding(loop, texts.get(loop.call))
        for task in counters.by_label("task.repeating_runs", "task")
        for loop in _loops(counters, task)
        if _is_worth_it(loop)
    ]


def _loops(counters: Counters, task: str) -> list[_Loop]:
    of_runs = counters.sum("task.run.count", task=task)
    found = []
    for kind in _CALLS:
        labels = {"task": task, "kind": kind}
        calls = counters.by_label("task.repeated_calls", "call", **labels)
        seconds = counters.by_label("task.repeated_seconds", "call", **labels)
        for call, runs in counters.by_label("task.repeating_runs", "call", **labels).items():
            times = calls.get(call, 0.0), seconds.get(call, 0.0)
            found.append(_Loop(task, kind, call, runs, max(runs, of_runs), *times))
    return found


def _is_worth_it(loop: _Loop) -> bool:
    return (
        loop.runs >= MIN_RUNS
        and loop.runs >= MIN_SHARE * loop.of_runs
        and loop.seconds >= MIN_SECONDS * loop.runs
    )


def _finding(loop: _Loop, text: str | None) -> Finding:
    calls, milliseconds = loop.calls / loop.runs, 1000 * loop.seconds / loop.runs
    return Finding(
        rule=NAME,
        object=f"{loop.call} in {loop.task}"[:190],
        severity=_severity(loop),
        cause=f"{loop.task} makes {_SPOKEN[loop.kind]} {loop.call} once a row: {calls:.0f} times "
        f"in each of {loop.runs:.0f} runs, {loop.runs / loop.of_runs:.0%} of all, which takes "
        f"{milliseconds:.0f} ms of each.",
        evidence={
            "kind": loop.kind,
            "call": loop.call,
            "statement": text,
            "calls": loop.calls,
            "runs": loop.runs,
            "share_bounds": wilson_bounds(loop.runs, loop.of_runs),
            "seconds": loop.seconds,
        },
        fix=_FIX[loop.kind],
        expected_gain=f"About 1 call in place of {calls:.0f}, and up to "
        f"{milliseconds * (1 - 1 / calls):.0f} ms of each such run.",
        confidence=0.9,
        risk="none",
    )


def _severity(loop: _Loop) -> Severity:
    only_writes = loop.kind == "discord" and not loop.call.startswith("GET ")
    return "info" if only_writes else "warning"
