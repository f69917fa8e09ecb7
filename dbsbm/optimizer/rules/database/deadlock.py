"""Which statements stopped each other?

Evidence: the last deadlock that InnoDB remembers, and how many there were.

Example: `UPDATE a ...; UPDATE b ...` in one transaction, `UPDATE b ...; UPDATE a ...` in another.

`info` where there is less than one a day: they happen in sound databases too, and who is chosen has
to try again. Silent where there was none.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding, Severity
from dbsbm.optimizer.missing import Missing, NotEnabledError
from dbsbm.optimizer.rules.database.counters import counted_seconds, number_or
from dbsbm.optimizer.rules.describe import listed
from dbsbm.optimizer.server.case import Case

NAME = "database.deadlock"

WARNING_PER_DAY = 1
CRITICAL_PER_DAY = 100
"""More than one in a quarter of an hour is felt by whoever has to try again."""


def examine(case: Case) -> list[Finding]:
    """Report deadlocks, with the statements of the last one."""
    last = case.snapshot.deadlock
    server = case.snapshot.server
    count = number_or(server.status, "innodb_deadlocks", 0)
    if isinstance(last, Missing):
        if not count:
            raise NotEnabledError(last.reason)
        last = None
    if last is None and not count:
        return []
    statements = last.statements if last is not None else ()
    days = max(counted_seconds(server) / 86_400, 1 / 24)
    seen = f"{max(count, 1):,.0f} deadlock{'s' if count > 1 else ''} since the server started"
    between = f", the last one between {listed(list(statements))}" if statements else ""
    return [
        Finding(
            rule=NAME,
            object="innodb deadlocks",
            severity=_severity(count / days),
            cause=f"There was {seen}{between}." if count <= 1 else f"There were {seen}{between}.",
            evidence={
                "deadlocks": max(count, 1),
                "last_at": last.at.isoformat() if last is not None and last.at else None,
                "statements": list(statements),
            },
            fix=(
                "Let both transactions change rows in the same order, such as by primary key.",
                "Try a transaction that was chosen as victim (error 1213) again.",
            ),
            expected_gain="no transaction is rolled back for another one",
            confidence=0.9,
            risk="none",
        )
    ]


def _severity(a_day: float) -> Severity:
    if a_day >= CRITICAL_PER_DAY:
        return "critical"
    return "warning" if a_day >= WARNING_PER_DAY else "info"
