"""Do statements wait for locks of others?

Evidence: how often and how long statements waited for a row's lock since the server started, and
who waits for whom at this moment.

Example: 4,200 waits of 310 ms on average; now `UPDATE wallets ...` waits 12 s for a transaction
that runs nothing.

Silent below MIN_WAITS waits, below MIN_MILLISECONDS on average and below SHARE of the time, where
nobody waits longer than NOW_SECONDS at this moment.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules.database.counters import counted_seconds, number
from dbsbm.optimizer.rules.describe import counted
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import LockWait

NAME = "database.lock_waits"

MIN_WAITS = 100
MIN_MILLISECONDS = 50.0
"""A wait that a member does not notice."""
SHARE = 0.01
"""Share of the time in which somebody waited."""
NOW_SECONDS = 5.0
"""Whoever waits that long now is worth a look whatever the average."""
_MOST = 5


def examine(case: Case) -> list[Finding]:
    """Report waits for locks."""
    server = case.snapshot.server
    waits = number(server.status, "innodb_row_lock_waits")
    waited = number(server.status, "innodb_row_lock_time") / 1000
    now = case.snapshot.lock_waits
    long = [] if isinstance(now, Missing) else [each for each in now if each.seconds >= NOW_SECONDS]
    mean = 1000 * waited / max(waits, 1)
    share = waited / counted_seconds(server)
    often = waits >= MIN_WAITS and mean >= MIN_MILLISECONDS and share >= SHARE
    return [_finding(waits, mean, share, long)] if often or long else []


def _finding(waits: float, mean: float, share: float, now: list[LockWait]) -> Finding:
    longest = max(now, key=lambda each: each.seconds, default=None)
    at_once = "" if longest is None else f" Now one waits {longest.seconds:.0f} s."
    return Finding(
        rule=NAME,
        object="innodb row locks",
        severity="critical" if now else "warning",
        cause=(
            f"Statements waited {counted(waits, 'time')} for a row's lock, {mean:,.0f} ms on "
            f"average, in {share:.1%} of the time.{at_once}"
        ),
        evidence={
            "waits": waits,
            "mean_milliseconds": round(mean, 1),
            "share_of_time": round(share, 4),
            "now": [
                {
                    "waiting": each.waiting,
                    "blocking": each.blocking or "nothing: its transaction is idle",
                    "seconds": round(each.seconds, 1),
                }
                for each in sorted(now, key=lambda each: -each.seconds)[:_MOST]
            ],
        },
        fix=(
            "Keep transactions short: nothing slow between the first change and the commit.",
            "Give each statement that changes rows an index, so that it locks only those.",
        ),
        expected_gain=f"up to {mean:,.0f} ms for each of {counted(waits, 'statement')}",
        confidence=0.85,
        risk="none",
    )
