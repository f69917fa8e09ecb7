"""Reads what a server says of itself: settings, counters, and how far its statistics reach."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from dbsbm.optimizer.server.connection import Connection
from dbsbm.optimizer.server.model import Server


def read_server(server: Connection, statistics_age: timedelta | None) -> Server:
    """Read settings and counters.

    Args:
        server: The server.
        statistics_age: Since when the performance schema counts, None if it does not say.
    """
    status = _pairs(server, "SHOW GLOBAL STATUS")
    uptime = timedelta(seconds=int(status.get("uptime", "0")))
    return Server(
        server.flavor,
        server.version,
        uptime if statistics_age is None else min(uptime, statistics_age),
        _pairs(server, "SHOW GLOBAL VARIABLES"),
        status,
    )


def _pairs(server: Connection, statement: str) -> Mapping[str, str]:
    return {str(row["variable_name"]).lower(): str(row["value"]) for row in server.rows(statement)}
