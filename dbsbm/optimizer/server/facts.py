"""Reads what a server says of itself: settings, counters, and how far its statistics reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.model import Server


def read_server(server: Connection) -> Server:
    """Read settings and counters."""
    status = _pairs(server, "SHOW GLOBAL STATUS")
    uptime = timedelta(seconds=int(status.get("uptime", "0")))
    forgot = _oldest_statistic(server)
    return Server(
        server.flavor,
        server.version,
        uptime if forgot is None else min(uptime, forgot),
        _pairs(server, "SHOW GLOBAL VARIABLES"),
        status,
    )


def _pairs(server: Connection, statement: str) -> Mapping[str, str]:
    return {str(row["variable_name"]).lower(): str(row["value"]) for row in server.rows(statement)}


def _oldest_statistic(server: Connection) -> timedelta | None:
    """Age of the oldest digest: whoever empties the performance schema empties all of it.

    Tables of the performance schema do not say when they were emptied, and
    `sys.ps_truncate_all_tables` takes digests and counters of indexes along.
    """
    try:
        (row,) = server.rows(
            "SELECT TIMESTAMPDIFF(SECOND, MIN(first_seen), NOW()) AS seconds "
            "FROM performance_schema.events_statements_summary_by_digest"
        )
    except QueryError:
        return None
    seconds = row["seconds"]
    return None if seconds is None else timedelta(seconds=max(0, int(seconds)))
