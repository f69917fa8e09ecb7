"""Does the server run out of connections?

Evidence: the most connections there were at once, the limit, and connections that were refused.

Example: 149 of 151 connections were in use at once.

Silent below SHARE of the limit: who was refused then met one that has been raised since.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.database.counters import number, number_or
from dbsbm.optimizer.server.case import Case

NAME = "database.connections"

SHARE = 0.85
"""Of the limit: the next rush would meet it."""


def examine(case: Case) -> list[Finding]:
    """Report a limit that was met or nearly met."""
    server = case.snapshot.server
    most = number(server.status, "max_used_connections")
    limit = number(server.variables, "max_connections")
    refused = number_or(server.status, "connection_errors_max_connections", 0)
    if most < SHARE * limit:
        return []
    return [
        Finding(
            rule=NAME,
            object="max_connections",
            severity="critical" if refused else "warning",
            cause=(
                f"{most:,.0f} of {limit:,.0f} connections were in use at once"
                + (f", and {refused:,.0f} were refused." if refused else ".")
            ),
            evidence={"most_used": most, "limit": limit, "refused": refused},
            fix=(
                "Share connections by smaller pools: idle ones count, too.",
                f"SET GLOBAL max_connections = {limit * 1.5:.0f}",
            ),
            revert=(f"SET GLOBAL max_connections = {limit:.0f}",),
            expected_gain="no connection is refused in the next rush",
            confidence=0.9,
            risk="low",
        )
    ]
