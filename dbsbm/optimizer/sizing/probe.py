"""Measures what a pool of some size does, with the statements that a server has seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from threading import Event
from typing import Final

from pydantic import SecretStr

from dbsbm.errors import UserError
from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.connection import HOME, Connection, QueryError
from dbsbm.optimizer.server.quoting import quoted

MOST_KINDS: Final = 20
_LONGEST: Final = 1.0
"""Seconds of a run: a pool is not what reports wait for."""
_MOST_ROWS: Final = 1_000
"""Rows that a run sends, which each of many threads holds."""
_WARM_UP: Final = 0.3


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement to run.

    Attributes:
        schema: Where it ran, empty for nowhere.
        sql: With values, which are shown to nobody.
        calls: How often it ran: others' share of the load is in proportion.
    """

    schema: str
    sql: str = field(repr=False)
    calls: int


def statements_seen(case: Case) -> list[Statement]:
    """The kinds of statements that took the most time, made to read only.

    Raises:
        UserError: None is known that could be run.
    """
    if isinstance(case.snapshot.load, Missing):
        raise UserError(case.snapshot.load.reason)
    found = []
    for load in case.load:
        is_short = (
            load.seconds <= _LONGEST * load.calls and load.rows_sent <= _MOST_ROWS * load.calls
        )
        if load.digest in case.shapes and is_short:
            sql = case.ask.as_select(load) if case.ask is not None else None
            if sql is not None:
                found.append(Statement(load.schema, sql, load.calls))
        if len(found) >= MOST_KINDS:
            break
    if not found:
        raise UserError(
            "No statement was seen that could be run to measure a pool: let the fleet work for "
            "some minutes."
        )
    return found


class Probe:
    """A closed load: each connection runs one statement after another.

    Args:
        address: Of the server.
        statements: What is run, by chance and as often as it was seen.
        seconds: How long to measure a size.
    """

    def __init__(
        self, address: SecretStr, statements: Sequence[Statement], *, seconds: float
    ) -> None:
        self._address = address
        self._statements = statements
        self._calls = [each.calls for each in statements]
        self._seconds = seconds

    def throughput(self, size: int) -> float:
        """Statements a second that a pool of so many connections does.

        Raises:
            ServerAwayError: The server is gone, or takes no more connections.
            UserError: No statement worked.
        """
        with ExitStack() as stack:
            sessions = [stack.enter_context(Connection(self._address)) for _ in range(size)]
            threads = stack.enter_context(ThreadPoolExecutor(size))
            # Where one fails, or the person has enough, the others end with their statement.
            stop = Event()
            stack.callback(stop.set)
            start = time.monotonic() + _WARM_UP
            runs = [
                threads.submit(self._run, session, Random(number), start, stop)  # noqa: S311 - which statement is next
                for number, session in enumerate(sessions)
            ]
            done = sum(run.result() for run in wait(runs, return_when=FIRST_EXCEPTION).done)
        if not done:
            raise UserError(
                "None of the statements that were seen can be run: GRANT SELECT on their tables."
            )
        return done / self._seconds

    def _run(self, session: Connection, random: Random, start: float, stop: Event) -> int:
        done, schema, now = 0, HOME, time.monotonic()
        while now < start + self._seconds and not stop.is_set():
            (each,) = random.choices(self._statements, self._calls)
            try:
                if schema != (each.schema or HOME):
                    schema = each.schema or HOME
                    session.run(f"USE {quoted(schema)}")
                session.rows(each.sql)
            except QueryError:
                time.sleep(0.01)  # such as a table that is gone
            else:
                done += now >= start
            now = time.monotonic()
        return done


def room(server: Connection, most: int) -> int:
    """The largest pool to try: half of the connections that are free, and no more than `most`.

    Raises:
        UserError: Hardly any is free.
    """
    (row,) = server.rows(
        "SELECT @@max_connections AS max_connections, "
        # Of a session it is that of the account, 0 for as many as the server takes.
        "@@SESSION.max_user_connections AS max_user_connections, "
        "(SELECT COUNT(*) FROM information_schema.processlist "
        "WHERE user = SUBSTRING_INDEX(USER(), '@', 1)) AS ours"
    )
    (status,) = server.rows("SHOW GLOBAL STATUS LIKE 'Threads_connected'")
    limits = [(int(row["max_connections"]) - int(status["value"]), "max_connections")]
    if row["max_user_connections"]:
        limits.append((int(row["max_user_connections"]) - int(row["ours"]), "max_user_connections"))
    free, limit = min(limits)
    if free < 6:
        raise UserError(
            f"Only {free} of the {row[limit]} connections that {limit} allows are free: measure "
            "when fewer are in use, or raise it."
        )
    return min(most, free // 2)
