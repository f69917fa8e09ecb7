"""What the server's table of digests is as a whole, in one look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dbsbm.optimizer.server.connection import Connection, QueryError


@dataclass(frozen=True, slots=True)
class Digests:
    """How much the table holds.

    Attributes:
        kinds: Rows of it, None if it cannot be read.
        age: Of the oldest one, None if there is none.
        unnamed_seconds: Time of the statements that came when it was full.
    """

    kinds: int | None = None
    age: timedelta | None = None
    unnamed_seconds: float = 0.0


def read_digests(server: Connection) -> Digests:
    """Look at the table; nothing is known of one that cannot be read.

    The age is that of all statistics: tables of the performance schema do not say when they were
    emptied, and `sys.ps_truncate_all_tables` takes digests and counters of indexes along.
    """
    try:
        (row,) = server.rows(
            "SELECT COUNT(*) AS kinds, TIMESTAMPDIFF(SECOND, MIN(first_seen), NOW()) AS seconds, "
            "SUM(IF(digest IS NULL, sum_timer_wait, 0)) / 1e12 AS unnamed "
            "FROM performance_schema.events_statements_summary_by_digest"
        )
    except QueryError:
        return Digests()
    seconds = row["seconds"]
    return Digests(
        int(row["kinds"]),
        None if seconds is None else timedelta(seconds=max(0, int(seconds))),
        float(row["unnamed"] or 0),
    )
