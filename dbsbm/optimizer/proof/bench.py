"""The session that copies tables and replays statements, on the server that they come from."""

from __future__ import annotations

from typing import ClassVar

from dbsbm.optimizer.server.connection import Connection, ServerAwayError


class Bench(Connection):
    """A session that writes only into shadow schemas, and whose writes no replica sees."""

    statement_seconds: ClassVar[int] = 60
    """No statement of a proof runs longer, neither a copy nor a replay."""
    proof_seconds: ClassVar[float] = 120.0
    """A proof begins no further statement after so long."""
    _patience: ClassVar[int] = 120

    def tells_replicas(self) -> bool:
        """Whether the server writes down what this session does, as its user may not prevent it."""
        (row,) = self.rows("SELECT @@GLOBAL.log_bin AND @@SESSION.sql_log_bin AS is_told")
        return bool(row["is_told"])

    def _manners(self) -> tuple[str, ...]:
        limit = (
            f"SET SESSION max_statement_time = {self.statement_seconds}"
            if self.flavor == "mariadb"
            else f"SET SESSION max_execution_time = {self.statement_seconds * 1000}"
        )
        return (
            limit,
            "SET SESSION sql_log_bin = 0",
            # Copying must lock no row that is copied.
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET SESSION lock_wait_timeout = 1",
            "SET SESSION innodb_lock_wait_timeout = 1",
            "SET SESSION foreign_key_checks = 0",
            "SET SESSION unique_checks = 0",
            "SET SESSION time_zone = '+00:00'",
            "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
            "SET SESSION sql_quote_show_create = 1",
            "SET SESSION slow_query_log = OFF",
        )

    def _gone(self) -> ServerAwayError:
        return ServerAwayError(
            f"The database server at {self._place} went away in the middle of a proof: its copies "
            "are dropped by the next one."
        )


class HurriedBench(Bench):
    """A bench for proofs within a task, which may not take longer than a minute."""

    statement_seconds: ClassVar[int] = 15
    proof_seconds: ClassVar[float] = 40.0
