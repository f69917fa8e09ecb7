"""Database time by statement, through SQLAlchemy's engine events."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.explain import UNOBSERVED
from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.monitor.readings.pool import watch_pool
from dbsbm.monitor.readings.slow import SlowLog


def attach(engine: Engine, recorder: Recorder, slow_query_seconds: float) -> None:
    """Measure every statement and the pool of an engine.

    Each statement is one reading of `db.query`, labelled with its fingerprint. Waits for the pool
    are measured where the engine was made with `timed_pool`. A recorder that is not enabled
    attaches nothing.

    Args:
        engine: The engine; those made from it by `execution_options` are measured with it.
        recorder: Where the readings go.
        slow_query_seconds: A statement that takes longer is recorded with its plan.
    """
    if not recorder.enabled:
        return
    timer = _QueryTimer(engine, recorder, slow_query_seconds)
    event.listen(engine, "before_cursor_execute", timer.before)
    event.listen(engine, "after_cursor_execute", timer.after)
    event.listen(engine, "handle_error", timer.failed)
    watch_pool(engine, recorder)


class _QueryTimer:
    """Listens to one engine."""

    def __init__(self, engine: Engine, recorder: Recorder, slow_query_seconds: float) -> None:
        self._dialect = engine.dialect.name
        self._recorder = recorder
        self._slow_query_seconds = slow_query_seconds
        self._slow_log = SlowLog(engine, recorder)

    def before(
        self, _connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool
    ) -> None:
        """Remember when the statement started, beside the statement."""
        context.dbsbm_started = perf_counter()

    def after(
        self, _connection: Any, _cursor: Any, sql: str, values: Any, context: Any, _many: bool
    ) -> None:
        """Record the statement."""
        seconds = perf_counter() - context.dbsbm_started
        if UNOBSERVED not in context.execution_options:
            self._record(sql, values, seconds)

    def failed(self, failure: ExceptionContext) -> None:
        """Record a statement that failed: one that waited for a lock in vain took its time too."""
        context: Any = failure.execution_context
        if context is None or UNOBSERVED in context.execution_options:
            return
        self._recorder.add("db.errors", error=type(failure.original_exception).__name__)
        started = getattr(context, "dbsbm_started", None)
        if started is not None and failure.statement is not None:
            self._record(failure.statement, failure.parameters, perf_counter() - started)

    def _record(self, sql: str, values: Any, seconds: float) -> None:
        kind = fingerprint(sql, self._dialect)
        self._recorder.observe(
            "db.query", seconds, fingerprint=kind.id, verb=kind.verb, table=kind.table
        )
        if seconds > self._slow_query_seconds:
            one = values[0] if isinstance(values, list) and values else values
            self._slow_log.add(kind, seconds, sql, one)
