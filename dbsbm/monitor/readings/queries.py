"""Every statement by its fingerprint, through SQLAlchemy's engine events."""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from time import perf_counter
from typing import Any

import redis
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from dbsbm.monitor.counting.bound import Bound
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.explain import UNOBSERVED
from dbsbm.monitor.readings.fingerprint import Fingerprint, fingerprint
from dbsbm.monitor.readings.pace import unless_away
from dbsbm.monitor.readings.pool import watch_pool
from dbsbm.monitor.readings.slow import SlowLog
from dbsbm.monitor.readings.statements import StatementTexts

# The fleet has some hundred statements; a program that writes values into them has no end of them.
_MOST_KNOWN = 1024
OnStatement = Callable[[str, Any, float, float, int], None]
"""Told of each statement that succeeded: its text, its values, when it began and ended by
`perf_counter`, and its rows, -1 where the driver does not know."""

# How often a text is offered to those who know how often it has to be told.
_OFFER_SECONDS = 60.0
# Longer statements are lists of values, and not worth their memory.
_LONGEST_KNOWN = 8_000


def attach(
    engine: Engine,
    recorder: Recorder,
    slow_query_seconds: float,
    broker: redis.Redis | None = None,
    on_statement: OnStatement | None = None,
) -> None:
    """Measure every statement and the pool of an engine.

    Each statement is one reading of `db.query`, labelled with its fingerprint, and one of `db.rows`
    where the driver says how many there were. Waits for the pool are measured where the engine was
    made with `timed_pool`. A recorder that is not enabled attaches nothing.

    Args:
        engine: The engine; those made from it by `execution_options` are measured with it.
        recorder: Where the readings go.
        slow_query_seconds: A statement that takes longer is recorded with its plan.
        broker: Where the fingerprints' texts are left for the sampler; None leaves none.
        on_statement: Who else follows the statements.
    """
    if not recorder.enabled:
        return
    texts = None if broker is None else StatementTexts(broker)
    if texts is not None:
        recorder.add_source(unless_away(texts.tell))
    timer = QueryTimer(engine, recorder, slow_query_seconds, texts, on_statement)
    # Without `retval` SQLAlchemy puts a function of its own around it.
    event.listen(engine, "before_cursor_execute", timer.before, retval=True)
    event.listen(engine, "after_cursor_execute", timer.after)
    event.listen(engine, "handle_error", timer.failed)
    watch_pool(engine, recorder)


class _Known(Bound):
    """A statement that ran before: its fingerprint, and its series ready to be counted."""

    __slots__ = ("kind", "offer_at")

    def __init__(self, kind: Fingerprint, recorder: Recorder) -> None:
        super().__init__(
            recorder,
            ("db.query", {"fingerprint": kind.id, "verb": kind.verb, "table": kind.table}),
            ("db.rows", {"fingerprint": kind.id}),
        )
        self.kind = kind
        self.offer_at = 0.0


class QueryTimer:
    """Listens to one engine. Args: see `attach`."""

    def __init__(
        self,
        engine: Engine,
        recorder: Recorder,
        slow_query_seconds: float,
        texts: StatementTexts | None,
        on_statement: OnStatement | None = None,
    ) -> None:
        self._dialect = engine.dialect.name
        self._recorder = recorder
        self._slow_query_seconds = slow_query_seconds
        self._texts = texts
        self._on_statement = on_statement
        self._slow_log = SlowLog(engine, recorder)
        self._known: dict[str, _Known] = {}

    def before(
        self, _connection: Any, _cursor: Any, sql: str, values: Any, context: Any, _many: bool
    ) -> tuple[str, Any]:
        """Remember when the statement started, beside the statement, which stays as it is."""
        context.dbsbm_started = perf_counter()
        return sql, values

    def after(
        self, _connection: Any, cursor: Any, sql: str, values: Any, context: Any, _many: bool
    ) -> None:
        """Record the statement."""
        began, ended = context.dbsbm_started, perf_counter()
        if UNOBSERVED in context.execution_options:
            return
        rows = cursor.rowcount
        self._record(sql, values, began, ended, rows)
        if self._on_statement is not None:
            self._on_statement(sql, values, began, ended, rows)

    def failed(self, failure: ExceptionContext) -> None:
        """Record a statement that failed: one that waited for a lock in vain took its time too."""
        context: Any = failure.execution_context
        if context is None or UNOBSERVED in context.execution_options:
            return
        error = error_name(failure.original_exception)
        if failure.statement is None:
            self._recorder.add("db.errors", fingerprint="", error=error)
            return
        known = self._known.get(failure.statement) or self._learn(failure.statement)
        self._recorder.add("db.errors", fingerprint=known.kind.id, error=error)
        started = getattr(context, "dbsbm_started", None)
        if started is not None:
            self._record(failure.statement, failure.parameters, started, perf_counter(), -1)

    def _record(self, sql: str, values: Any, began: float, ended: float, rows: int) -> None:
        known = self._known.get(sql) or self._learn(sql)
        seconds = ended - began
        # SQLite does not know how many rows it will read.
        known.observe(ended, seconds, nan if rows < 0 else rows)
        if self._texts is not None and ended >= known.offer_at:
            known.offer_at = ended + _OFFER_SECONDS
            self._texts.saw(known.kind)
        if seconds > self._slow_query_seconds:
            one = values[0] if isinstance(values, list) and values else values
            self._slow_log.add(known.kind, seconds, sql, one)

    def _learn(self, sql: str) -> _Known:
        known = _Known(fingerprint(sql, self._dialect), self._recorder)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        if len(sql) <= _LONGEST_KNOWN:
            self._known[sql] = known
        return known


def error_name(error: BaseException) -> str:
    """An error's class, with the server's number where it gave one: `OperationalError 1213`.

    By its number a deadlock is told from a lock that was waited for in vain (1205). The text is not
    taken: it may repeat the statement's values.
    """
    name = type(error).__name__
    number = error.args[0] if error.args else None
    return f"{name} {number}" if isinstance(number, int) else name
