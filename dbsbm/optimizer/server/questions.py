"""Questions that rules ask a server. Each is asked once, and all of them have one limit of time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from time import monotonic

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.case import Content, Plan
from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.content import Contents
from dbsbm.optimizer.server.distinct import DistinctValues
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.server.nulls import share_of_nulls
from dbsbm.optimizer.server.plans import read_plan
from dbsbm.optimizer.server.schema import Schema
from dbsbm.optimizer.server.values import TypicalValues
from dbsbm.optimizer.statements.filling import fill
from dbsbm.optimizer.statements.harmless import is_harmless
from dbsbm.optimizer.statements.spelling import verb_of

BUDGET_SECONDS = 15.0
"""For all questions of an analysis: half a minute is what a person waits for the whole."""

_SPENT = Missing("The time for questions to the server was spent on more expensive statements.")


class ServerQuestions:
    """Answers from one server."""

    def __init__(
        self, server: Connection, schema: Schema, *, seconds: float = BUDGET_SECONDS
    ) -> None:
        """Prepare to ask.

        Args:
            server: Whom to ask.
            schema: Its tables.
            seconds: For all questions together.
        """
        self._server = server
        self._schema = schema
        self._left = seconds
        self._values = TypicalValues(server, schema.tables)
        self._distinct = DistinctValues(server, schema)
        self._contents = Contents(server)
        self._plans: dict[str, Plan | Missing] = {}
        self._counts: dict[tuple[str, str, tuple[str, ...]], int | Missing] = {}
        self._nulls: dict[tuple[str, str, str], float | Missing] = {}

    def plan(self, load: Load) -> Plan | Missing:
        """How the server would carry out a statement.

        Raises:
            ServerAwayError: The server is gone.
        """
        if load.digest not in self._plans:
            if self._left <= 0:
                return _SPENT
            started = monotonic()
            self._plans[load.digest] = self._explain(load)
            self._left -= monotonic() - started
        return self._plans[load.digest]

    def distinct(self, table: Table, columns: Sequence[str]) -> int | Missing:
        """About how many different values columns have together.

        Raises:
            ServerAwayError: The server is gone.
        """
        key = (table.schema, table.name, tuple(sorted(columns)))
        if key not in self._counts:
            if self._left <= 0:
                return _SPENT
            started = monotonic()
            self._counts[key] = self._distinct.estimate(table, columns)
            self._left -= monotonic() - started
        return self._counts[key]

    def nulls(self, table: Table, column: str) -> float | Missing:
        """About the share of rows in which a column is NULL.

        Raises:
            ServerAwayError: The server is gone.
        """
        key = (table.schema, table.name, column)
        if key not in self._nulls:
            if self._left <= 0:
                return _SPENT
            started = monotonic()
            self._nulls[key] = share_of_nulls(self._server, table, column)
            self._left -= monotonic() - started
        return self._nulls[key]

    def content(self, table: Table, column: str) -> Content | Missing:
        """What a sample of a column's values looks like.

        Raises:
            ServerAwayError: The server is gone.
        """
        if self._left <= 0:
            return _SPENT
        started = monotonic()
        found = self._contents.of(table, column)
        self._left -= monotonic() - started
        return found

    def as_select(self, load: Load) -> str | None:
        """The statement with values, as a SELECT that does no harm; None if it cannot be made.

        Raises:
            ServerAwayError: The server is gone.
        """
        sample = load.sample
        reads = sample is not None and verb_of(sample) in {"select", "with"}
        if sample is not None and reads and is_harmless(sample):
            return sample
        made = fill(sample or load.text, load.schema, self._schema.tables, self._values)
        return made if made is not None and is_harmless(made) else None

    def _explain(self, load: Load) -> Plan | Missing:
        statement = self.as_select(load)
        if statement is None:
            return Missing("It reads no rows by conditions, or its text is cut off.")
        try:
            if not load.schema:
                return self._ask(statement)
            with self._server.within(load.schema):
                return self._ask(statement)
        except QueryError as error:
            if error.denied:
                return Missing(
                    "No plan can be asked for: run GRANT SELECT, SHOW VIEW ON "
                    f"`{load.schema}`.* TO {self._server.user}."
                )
            return Missing(f"The server gave no plan (error {error.code}).")

    def _ask(self, statement: str) -> Plan | Missing:
        (row,) = self._server.rows(f"EXPLAIN FORMAT=JSON {statement}")
        try:
            return read_plan(json.loads(row["explain"]))
        except ValueError:  # MariaDB escapes no quotation mark in a table's name
            return Missing("The server's plan cannot be read.")
