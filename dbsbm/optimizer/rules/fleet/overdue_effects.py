"""Does what was committed also happen, and soon?

Evidence: effects in the outbox that are pending for more than five minutes.

Silent where there is none: a younger effect may be on its way or in its pause between attempts.
"""

from __future__ import annotations

from datetime import timedelta

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence, OverdueEffects
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import counted

NAME = "fleet.overdue_effects"

TOKEN_LIFE = timedelta(minutes=15)
"""How long Discord lets an interaction be answered."""


def examine(evidence: Evidence) -> list[Finding]:
    """Find the tasks whose effects are overdue."""
    return [_finding(effects) for effects in present(evidence.overdue_effects)]


def _finding(effects: OverdueEffects) -> Finding:
    minutes = effects.oldest.total_seconds() / 60
    return Finding(
        rule=NAME,
        object=f"task {effects.task}",
        severity="critical" if effects.oldest > TOKEN_LIFE else "warning",
        cause=f"Pending: {counted(effects.count, 'effect')} of {effects.task}, the oldest for "
        f"{minutes:.0f} minutes, after at most {counted(effects.attempts, 'attempt')}. "
        f"{_why(effects)}",
        evidence={
            "count": effects.count,
            "oldest_seconds": effects.oldest.total_seconds(),
            "attempts": effects.attempts,
        },
        fix=(_fix(effects),),
        expected_gain=f"{counted(effects.count, 'effect')} that members wait for.",
        confidence=1.0,
        risk="none",
    )


def _why(effects: OverdueEffects) -> str:
    if not effects.attempts:
        return "The relay has never sent them."
    return "They are sent and do not end well."


def _fix(effects: OverdueEffects) -> str:
    if not effects.attempts:
        return "See that beat runs and that a worker eats the queue maintenance."
    return "Read last_error of these rows in outbox, and see that a worker eats the task's queue."
