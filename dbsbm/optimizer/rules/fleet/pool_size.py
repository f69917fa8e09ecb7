"""Does the database still take connections when the fleet is at its busiest?

Evidence: clients of the database's server and how many it takes; the size of a process's pool, and
the most that one used.

Silent below 80 % of what the server takes. The pool is lowered to what was used at most and one
more, as its connections stay open when a burst is over; where all of them are used, the server has
to take more.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Counters, Evidence
from dbsbm.optimizer.missing import present

NAME = "database.pool_size"

TOLERATED_SHARE = 0.8
"""A deployment starts the new processes before the old ones end."""


def examine(evidence: Evidence) -> list[Finding]:
    """Find a server that will soon take no more clients."""
    counters = present(evidence.counters)
    limit = counters.highest("database.max_connections.max")
    most = counters.highest("database.connections.max")
    if not limit or most < TOLERATED_SHARE * limit:
        return []
    return [_finding(counters, most, limit)]


def _finding(counters: Counters, most: float, limit: float) -> Finding:
    size = counters.highest("db.pool.size.max")
    used = counters.highest("db.pool.checked_out.max")
    is_too_large = used + 1 < size
    fix = (
        f"Set DB_POOL_SIZE={used + 1:.0f}: no process used more than {used:.0f} at once."
        if is_too_large
        else f"Raise the server's max_connections from {limit:.0f} to {2 * limit:.0f}."
    )
    return Finding(
        rule=NAME,
        object="database connections",
        severity="critical" if most >= limit else "warning",
        cause=f"The server had {most:.0f} clients at once and takes {limit:.0f}. A process keeps "
        f"up to {size:.0f} connections, and none used more than {used:.0f} at once.",
        evidence={
            "most_connections": most,
            "max_connections": limit,
            "pool_size": size,
            "most_checked_out_seen": used,
        },
        fix=(fix, "Or run fewer processes."),
        revert=(
            f"Set DB_POOL_SIZE={size:.0f}." if is_too_large else f"Set it back to {limit:.0f}.",
        ),
        expected_gain="No process that is refused a connection.",
        confidence=0.95,
        risk="low",
    )
