"""Numbers among a server's variables and counters."""

from __future__ import annotations

from collections.abc import Mapping

from dbsbm.optimizer.missing import NotEnabledError
from dbsbm.optimizer.server.model import Server


def number(values: Mapping[str, str], name: str) -> float:
    """A number by its name.

    Raises:
        NotEnabledError: The server did not tell.
    """
    try:
        return float(values[name])
    except (KeyError, ValueError):
        raise NotEnabledError(
            f"The server did not tell {name}: SHOW GLOBAL STATUS and SHOW GLOBAL VARIABLES have to "
            "be allowed."
        ) from None


def number_or(values: Mapping[str, str], name: str, default: float) -> float:
    """A number by its name, the default where the server did not tell."""
    try:
        return float(values.get(name, default))
    except ValueError:
        return default


def counted_seconds(server: Server) -> float:
    """How long InnoDB has counted: since the server started, whatever else was emptied since.

    FLUSH STATUS leaves its counters as they are, and so does who empties the performance schema.
    """
    return max(number_or(server.status, "uptime", server.uptime.total_seconds()), 1.0)
