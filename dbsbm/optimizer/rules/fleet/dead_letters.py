"""Was work given up, and is it becoming more?

Evidence: dead letters of the window that nobody has replayed, and those of the window before.

Silent where there is none. Each one is a member who was not answered or a row that was not written,
so there is no number below which it does not matter.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import DeadLetters, Evidence
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import counted

NAME = "fleet.dead_letters"


def examine(evidence: Evidence) -> list[Finding]:
    """Find the kinds of work that were given up."""
    return [_finding(letters) for letters in present(evidence.dead_letters)]


def _finding(letters: DeadLetters) -> Finding:
    is_growing = letters.count > letters.before
    return Finding(
        rule=NAME,
        object=f"{letters.source} {letters.task}",
        severity="critical" if is_growing and letters.before else "warning",
        cause=f"{letters.task} was given up {counted(letters.count, 'time')} and not replayed; "
        f"{counted(letters.before, 'time')} in the window before.",
        evidence={"count": letters.count, "before": letters.before},
        fix=(
            "Read the reasons in dead_letters and remove the cause.",
            "Then replay each: python -m dbsbm deadletters replay ID.",
        ),
        expected_gain=f"{counted(letters.count, 'piece')} of work still owed.",
        confidence=1.0,
        risk="low",
    )
