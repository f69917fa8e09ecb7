"""The server whose tables are changed: a session that may write and waits for no lock long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from pydantic import SecretStr

from dbsbm.errors import DbsbmError
from dbsbm.optimizer.server.connection import (
    Connection,
    QueryError,
    ServerAwayError,
    ServerRefusedError,
    parse_address,
)
from dbsbm.optimizer.server.quoting import quoted

LOCK_SECONDS = 3
"""A change of a table waits no longer for its lock: while it waits, so does every new statement
on the table, behind it."""
_LEASE = "dbsbm.optimizer"
_LEASE_SECONDS = 2
NO_SUCH_TABLE: Final = {1049, 1146}


class TableGoneError(DbsbmError):
    """The table is not there any more."""


class LeaseTakenError(DbsbmError):
    """Another optimizer is changing this server."""


class Target(Connection):
    """A session that changes tables."""

    # An index on a big table takes as long as it takes.
    _patience: ClassVar[int] = 4 * 3600

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return self._place

    def layout(self, schema: str, table: str) -> str:
        """What SHOW CREATE TABLE prints.

        Raises:
            TableGoneError: There is no such table.
            ServerRefusedError: The user may not see it.
        """
        try:
            (row,) = self.rows(f"SHOW CREATE TABLE {quoted(schema)}.{quoted(table)}")
        except QueryError as error:
            if error.code in NO_SUCH_TABLE:
                raise TableGoneError(f"The table {schema}.{table} is not there any more.") from None
            if error.denied:
                raise ServerRefusedError(
                    f"The user may not see {schema}.{table}: grant SELECT, ALTER and INDEX on it."
                ) from None
            raise
        if "create table" not in row:
            raise TableGoneError(f"{schema}.{table} is no table any more.")
        return str(row["create table"])

    def bytes_of(self, schema: str, table: str) -> int:
        """About how much a table and its indexes hold: as counted, or its files if they are more.

        What is counted may be as old as the table; the user may lack PROCESS to see the files.
        """
        rows = self.rows(
            "SELECT data_length + index_length AS size FROM information_schema.tables "
            "WHERE table_schema = %s AND table_name = %s",
            (schema, table),
        )
        counted = int(rows[0]["size"] or 0) if rows else 0
        return max(counted, self._bytes_of_files(schema, table))

    def _bytes_of_files(self, schema: str, table: str) -> int:
        files = {"mariadb": "innodb_sys_tablespaces", "mysql": "innodb_tablespaces"}[self.flavor]
        name = f"{_as_file(schema)}/{_as_file(table)}"
        part = f"{name}#P#"
        try:
            (row,) = self.rows(
                f"SELECT SUM(file_size) AS size FROM information_schema.{files} "  # noqa: S608 - one of two names
                "WHERE name = %s OR LEFT(name, %s) = %s",
                (name, len(part), part),
            )
        except QueryError:
            return 0
        return int(row["size"] or 0)

    def check_writable(self) -> None:
        """Make sure that the server may be changed; an administrator could change a replica, too.

        Raises:
            ServerRefusedError: It is read-only.
        """
        (row,) = self.rows("SELECT @@GLOBAL.read_only AS is_on")
        if str(row["is_on"]).upper() not in {"0", "OFF"}:
            raise ServerRefusedError(
                f"The server at {self._place} is read-only, as a replica is: give the address of "
                "the one that is written to."
            )

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Be the only optimizer that changes this server.

        The lease belongs to the session that changes tables: where the process ends in the middle
        of a change, the server keeps the lease until it is done with the change.

        Raises:
            LeaseTakenError: Another one is.
        """
        (row,) = self.rows("SELECT GET_LOCK(%s, %s) AS taken", (_LEASE, _LEASE_SECONDS))
        if row["taken"] != 1:
            raise LeaseTakenError(
                "Another optimizer is changing this server: wait until it is done, and try again."
            )
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        try:
            self.rows("SELECT RELEASE_LOCK(%s) AS released", (_LEASE,))
        except (QueryError, ServerAwayError):
            return  # it ended with the session

    def _manners(self) -> tuple[str, ...]:
        return (
            # Without ANSI_QUOTES, by which indexes are not found, and with no index cut short.
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES'",
            "SET SESSION sql_quote_show_create = 1",
            "SET SESSION max_statement_time = 0",
            "SET SESSION wait_timeout = 28800",  # the lease ends with the session
            f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}",
            f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}",
            "SET SESSION time_zone = '+00:00'",
            "SET SESSION information_schema_stats_expiry = 0",
        )

    def _gone(self) -> ServerAwayError:
        return ServerAwayError(
            f"The database server at {self._place} went away in the middle: whether the change "
            "was made is read from the table itself when it is back."
        )


def _as_file(name: str) -> str:
    """A name as InnoDB's files have it; beyond ASCII they may have another one."""
    return "".join(
        each if each == "_" or (each.isascii() and each.isalnum()) else f"@{ord(each):04x}"
        for each in name
    )


def target_name(address: SecretStr | None) -> str:
    """How the ledger calls a server and its database: without user and password.

    Args:
        address: Of a foreign server, None for the fleet's own database.

    Raises:
        ServerRefusedError: The address cannot be read.
    """
    if address is None:
        return ""
    url = parse_address(address)
    return f"{url.host or 'localhost'}:{url.port or 3306}/{url.database or ''}"[:190]
