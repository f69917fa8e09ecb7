"""Do tasks wait for a free database connection?

Evidence: check-outs of all processes in the window and those that waited more than 50 ms, not
counting the time to open a connection; the most connections that a process had.

Silent below 200 check-outs, and where the Wilson lower bound of the share that waited is not above
1 %. Time-outs are reported however few: each one failed a task.
"""

from __future__ import annotations

from dbsbm.monitor.readings.pool import LONG_WAIT_SECONDS
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Counters, Evidence
from dbsbm.optimizer.missing import NotEnabledError, present
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "database.pool_waits"

MIN_CHECKOUTS = 200
TOLERATED_SHARE = 0.01


def examine(evidence: Evidence) -> list[Finding]:
    """Find a pool that is too small for the process's threads."""
    counters = present(evidence.counters)
    checkouts = counters.sum("db.pool_wait.count")
    if not checkouts:
        raise NotEnabledError("No process has measured its database pool.")
    timeouts = counters.sum("db.pool_timeouts")
    long = min(counters.sum("db.pool_wait_long"), checkouts)
    lower, upper = wilson_bounds(long, checkouts)
    is_waiting = checkouts >= MIN_CHECKOUTS and lower > TOLERATED_SHARE
    if not is_waiting and not timeouts:
        return []
    return [_finding(counters, checkouts, long, timeouts, (lower, upper))]


def _finding(
    counters: Counters,
    checkouts: float,
    long: float,
    timeouts: float,
    bounds: tuple[float, float],
) -> Finding:
    size = counters.highest("db.pool.size.max")
    overflow = counters.highest("db.pool.overflow.max")
    return Finding(
        rule=NAME,
        object="database pool",
        severity="critical" if timeouts else "warning",
        cause=f"{long:.0f} of {checkouts:.0f} check-outs waited more than "
        f"{LONG_WAIT_SECONDS * 1000:.0f} ms for a connection, the longest "
        f"{counters.highest('db.pool_wait.max'):.2f} s; {timeouts:.0f} gave up.",
        evidence={
            "checkouts": checkouts,
            "waited": long,
            "timeouts": timeouts,
            "share_bounds": bounds,
            "pool_size": size,
            "most_overflow_seen": overflow,
            "most_checked_out_seen": counters.highest("db.pool.checked_out.max"),
        },
        fix=(
            f"Raise DB_POOL_SIZE from {size:.0f} to {size + max(1, overflow):.0f}.",
            (
                "See first that the server's max_connections allows it for every process, and with "
                "`python -m dbsbm optimizer pool` that more connections do more."
            ),
            "Or run fewer threads in a process: one connection a thread is enough.",
        ),
        revert=(f"Set DB_POOL_SIZE to {size:.0f}.",),
        expected_gain=f"{long:.0f} waits and {timeouts:.0f} failed check-outs in the window.",
        confidence=0.975,
        risk="low",
    )
