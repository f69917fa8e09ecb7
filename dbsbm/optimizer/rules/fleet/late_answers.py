"""Do members wait for their answers?

Evidence: by command, how late the latest tenth of the answers was, and of the acknowledgements,
which Discord refuses after three seconds.

Silent below 200 of a command: where a tenth of 200 is late, the Wilson lower bound of the late ones
is above 5 %. An answer is late after five seconds, an acknowledgement after two of its three.
"""

from __future__ import annotations

from typing import NamedTuple

from dbsbm.optimizer.finding import Finding, Severity
from dbsbm.optimizer.fleet.evidence import Counters, Evidence
from dbsbm.optimizer.missing import present

NAME = "fleet.late_answers"

MIN_ANSWERS = 200
ANSWER_SECONDS = 5.0
ACKNOWLEDGEMENT_SECONDS = 2.0


class _Measure(NamedTuple):
    """What may be late, after how long, and what to do about it."""

    metric: str
    what: str
    limit: float
    severity: Severity
    fix: tuple[str, ...]


_MEASURES = (
    _Measure(
        "discord.answer",
        "answers",
        ANSWER_SECONDS,
        "warning",
        (
            "See where the time goes: the traces of the command, or the daily report's endpoints.",
            "Where it is the wait for a worker, see fleet.queue_waits and fleet.concurrency.",
        ),
    ),
    _Measure(
        "discord.ack",
        "acknowledgements",
        ACKNOWLEDGEMENT_SECONDS,
        "critical",
        (
            "See whether the bot's event loop is held up: bot.loop_lag on the dashboard.",
            "python -m dbsbm profile bot tells what holds it.",
        ),
    ),
)


def examine(evidence: Evidence) -> list[Finding]:
    """Find the commands that answer late."""
    counters = present(evidence.counters)
    return [
        _finding(counters, measure, command, count)
        for measure in _MEASURES
        for command, count in sorted(
            counters.by_label(f"{measure.metric}.count", "command").items()
        )
        if count >= MIN_ANSWERS
        and counters.highest(f"{measure.metric}.p90", command=command) > measure.limit
    ]


def _finding(counters: Counters, measure: _Measure, command: str, count: float) -> Finding:
    late = counters.highest(f"{measure.metric}.p90", command=command)
    return Finding(
        rule=NAME,
        object=f"{measure.what} of {command}",
        severity=measure.severity,
        cause=f"A tenth of the {count:.0f} {measure.what} of {command} took more than "
        f"{late:.1f} s, the longest "
        f"{counters.highest(f'{measure.metric}.max', command=command):.1f} s.",
        evidence={
            "count": count,
            "p90_seconds": late,
            "limit_seconds": measure.limit,
            "refused": counters.sum("discord.ack_failures", command=command),
        },
        fix=measure.fix,
        expected_gain=f"About {count / 10:.0f} {measure.what} within {measure.limit:.0f} s.",
        confidence=0.95,
        risk="none",
    )
