"""Do worker processes end by force, and which task ends them?

Evidence: processes that were lost in the window by role and cause, and tasks that ran again after
one whose worker was killed.

A process that ends as it should takes leave, so a restart counts none. One loss or two are for your
information: a host may have been switched off. From three of a role on, a task or a limit does it.
"""

from __future__ import annotations

from collections.abc import Mapping

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Counters, Evidence
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import counted

NAME = "fleet.worker_losses"

MANY = 3


def examine(evidence: Evidence) -> list[Finding]:
    """Find the roles that lose processes."""
    counters = present(evidence.counters)
    lost = counters.by_label("worker.lost", "role")
    return [_finding(counters, role, count) for role, count in sorted(lost.items()) if count >= 1]


def _finding(counters: Counters, role: str, lost: float) -> Finding:
    causes = counters.by_label("worker.lost", "cause", role=role)
    redelivered = counters.by_label("task.redelivered", "task")
    return Finding(
        rule=NAME,
        object=f"role {role}",
        severity="warning" if lost >= MANY else "info",
        cause=f"{counted(lost, 'process', 'processes')} of {role} ended by force "
        f"({_listed(causes)}). "
        + (
            f"Tasks that then ran again: {_listed(redelivered)}."
            if redelivered
            else "No task had to run again."
        ),
        evidence={"lost": lost, "causes": causes, "redelivered": redelivered},
        fix=(
            "Look for a task over its hard limit: TASKS of celeryconfig.py has them.",
            f"Look for one that takes much memory: python -m dbsbm profile {role} --memory.",
        ),
        expected_gain=f"{counted(sum(redelivered.values()), 'run')} not made twice.",
        confidence=1.0,
        risk="none",
    )


def _listed(counts: Mapping[str, float]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {counted(count, 'time')}" for name, count in ordered[:3])
