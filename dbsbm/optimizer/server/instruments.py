"""Whether the performance schema can be read, and how to switch on what cannot."""

from __future__ import annotations

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import STATEMENT_SECONDS, Connection, QueryError

OFF = (
    "performance_schema is off: put performance_schema = ON under [mysqld] in my.cnf and restart "
    "the server."
)
PERFORMANCE_SCHEMA = "SELECT ON `performance_schema`.*"


def is_on(server: Connection) -> bool:
    """Tell whether the server keeps a performance schema."""
    (row,) = server.rows("SELECT @@performance_schema AS value")
    return bool(row["value"])


def consumes(server: Connection, consumer: str) -> bool:
    """Tell whether the server keeps what this consumer of events would keep."""
    rows = server.rows(
        "SELECT enabled FROM performance_schema.setup_consumers WHERE name = %s", (consumer,)
    )
    return any(row["enabled"] == "YES" for row in rows)


def failed(server: Connection, error: QueryError, what: str, privilege: str) -> Missing:
    """Why a part could not be read.

    Args:
        server: Whom it was asked for.
        error: What came instead.
        what: The part, as the subject of a sentence.
        privilege: What GRANT would have to give.
    """
    if error.denied:
        return Missing(f"{what} may not be read: run GRANT {privilege} TO {server.user}.")
    if error.took_too_long:
        return Missing(f"{what} could not be read within {STATEMENT_SECONDS} seconds.")
    return Missing(f"{what} could not be read (error {error.code}).")
