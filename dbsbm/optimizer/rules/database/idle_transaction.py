"""Which transaction is open and does nothing?

Evidence: transactions that are open at this moment, and how long their connection has been idle.

Example: connection 4711 of `app` opened a transaction 20 minutes ago and has been idle for 19: it
keeps 300 rows locked, and every change since then has to be remembered for it.

Silent below MIN_IDLE_SECONDS, but for a transaction of more than LONG_SECONDS that is idle for a
moment: whatever it does from time to time, its locks and old versions of rows stay.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import counted
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Transaction

NAME = "database.idle_transaction"

MIN_IDLE_SECONDS = 60.0
"""Longer than any task takes between two statements."""
LONG_SECONDS = 600.0
"""Open for longer than any task, so that its code waits for something between statements."""
MOMENT_SECONDS = 1.0
"""Idle for longer than the way of a statement to the server."""
CRITICAL_SECONDS = 600.0
"""With rows locked for so long, others have given up (innodb_lock_wait_timeout is 50 s)."""


def examine(case: Case) -> list[Finding]:
    """Report idle transactions, one finding for each user."""
    open_now = present(case.snapshot.transactions)
    idle = [each for each in open_now if _is_idle(each)]
    users = dict.fromkeys(each.user for each in idle)
    return [_finding(user, [each for each in idle if each.user == user]) for user in users]


def _is_idle(transaction: Transaction) -> bool:
    is_long = transaction.seconds >= LONG_SECONDS
    return transaction.idle_seconds >= (MOMENT_SECONDS if is_long else MIN_IDLE_SECONDS)


def _finding(user: str, idle: list[Transaction]) -> Finding:
    longest = max(idle, key=lambda each: (each.idle_seconds, each.seconds))
    locked = sum(each.locked_rows for each in idle)
    holds = locked and longest.seconds >= CRITICAL_SECONDS
    return Finding(
        rule=NAME,
        object=f"transactions of {user}"[:190],
        severity="critical" if holds else "warning",
        cause=(
            f"{counted(len(idle), 'transaction')} of {user} did nothing for up "
            f"to {longest.idle_seconds:,.0f} s; {longest.connection} has been open for "
            f"{longest.seconds:,.0f} s. {counted(locked, 'row is', 'rows are')} kept locked."
        ),
        evidence={
            "transactions": [
                {
                    "connection": each.connection,
                    "open_seconds": round(each.seconds),
                    "idle_seconds": round(each.idle_seconds),
                    "locked_rows": each.locked_rows,
                    "changed_rows": each.changed_rows,
                }
                for each in idle
            ],
        },
        fix=(
            "Commit or roll back before waiting for anything else.",
            f"KILL {longest.connection}",
        ),
        expected_gain="its locks are free, and old versions of rows can be forgotten",
        confidence=0.9,
        risk="medium",
    )
