"""Reads deadlocks, lock waits and open transactions, without the values in their statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.instruments import PERFORMANCE_SCHEMA, failed
from dbsbm.optimizer.server.model import Deadlock, LockWait, Transaction

_TABLE_DENIED = 1142
"""Tables of the information schema want PROCESS, and say so by another number."""
_MOMENT = r"(\d{4}-\d\d-\d\d +\d{1,2}:\d\d:\d\d)"
_PRINTED = re.compile(rf"{_MOMENT}\b.* INNODB MONITOR OUTPUT")
_DEADLOCK = re.compile(
    rf"LATEST DETECTED DEADLOCK\n-+\n{_MOMENT}(?P<story>.*?)\n-+\n[A-Z ]+\n-+\n", re.DOTALL
)
_STATEMENT = re.compile(
    r"^\*\*\* \(\d+\) TRANSACTION:\n(?:.*\n)*?.*\bthread id .*\n"
    r"(?P<text>(?:(?!\*\*\*|RECORD LOCKS).*\n)+)",
    re.MULTILINE,
)

# InnoDB's times are those of the system, whatever the session's zone is.
_AGE = "TIMESTAMPDIFF(SECOND, {}, CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM'))"
_WAITS = f"""
    SELECT waiting.trx_query AS waiting, blocking.trx_query AS blocking,
        {_AGE.format("waiting.trx_wait_started")} AS seconds
    FROM {{}} AS waits
    JOIN information_schema.innodb_trx AS waiting ON waiting.trx_id = waits.{{}}
    JOIN information_schema.innodb_trx AS blocking ON blocking.trx_id = waits.{{}}"""  # noqa: S608 - constants
_MARIADB_WAITS = _WAITS.format(
    "information_schema.innodb_lock_waits", "requesting_trx_id", "blocking_trx_id"
)
_MYSQL_WAITS = _WAITS.format(
    "performance_schema.data_lock_waits",
    "requesting_engine_transaction_id",
    "blocking_engine_transaction_id",
)
_TRANSACTIONS = f"""
    SELECT trx_mysql_thread_id AS connection, user, command, time AS command_seconds,
        {_AGE.format("trx_started")} AS seconds, trx_rows_locked, trx_rows_modified
    FROM information_schema.innodb_trx
    JOIN information_schema.processlist ON id = trx_mysql_thread_id
    WHERE id != CONNECTION_ID()"""  # noqa: S608 - constants


def read_deadlock(server: Connection) -> Deadlock | Missing | None:
    """Read the last deadlock that InnoDB remembers, None if there was none."""
    try:
        rows = server.rows("SHOW ENGINE INNODB STATUS")
    except QueryError as error:
        return failed(server, error, "The last deadlock", "PROCESS ON *.*")
    return find_deadlock(str(rows[0]["status"]), datetime.now(UTC)) if rows else None


def find_deadlock(status: str, now: datetime) -> Deadlock | None:
    """Find the last deadlock in what SHOW ENGINE INNODB STATUS prints.

    Its times are in the zone of the server's system, which it does not say: the age is the
    difference to the time at which it was printed.
    """
    found, printed = _DEADLOCK.search(status), _PRINTED.search(status)
    if found is None:
        return None
    at = None if printed is None else now - (_parse(printed[1]) - _parse(found[1]))
    return Deadlock(at, tuple(_statements(found["story"])))


def read_lock_waits(server: Connection) -> tuple[LockWait, ...] | Missing:
    """Read who waits for whom at this moment."""
    try:
        rows = server.rows(_MARIADB_WAITS if server.flavor == "mariadb" else _MYSQL_WAITS)
    except QueryError as error:
        privilege = PERFORMANCE_SCHEMA if error.code == _TABLE_DENIED else "PROCESS ON *.*"
        return failed(server, error, "Lock waits", privilege)
    return tuple(
        LockWait(
            _without_values(row["waiting"]),
            _without_values(row["blocking"]),
            float(row["seconds"] or 0),
        )
        for row in rows
    )


def read_transactions(server: Connection) -> tuple[Transaction, ...] | Missing:
    """Read the transactions that are open at this moment."""
    try:
        rows = server.rows(_TRANSACTIONS)
    except QueryError as error:
        return failed(server, error, "Open transactions", "PROCESS ON *.*")
    return tuple(
        Transaction(
            int(row["connection"]),
            str(row["user"]),
            float(row["seconds"] or 0),
            float(row["command_seconds"] or 0) if row["command"] == "Sleep" else 0.0,
            int(row["trx_rows_locked"] or 0),
            int(row["trx_rows_modified"] or 0),
        )
        for row in rows
    )


def _statements(story: str) -> Iterator[str]:
    for each in _STATEMENT.finditer(story + "\n"):
        yield _without_values(each["text"])


def _without_values(statement: object) -> str:
    return fingerprint(str(statement), "mysql").text if statement else ""


def _parse(moment: str) -> datetime:
    return datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
