"""Statements as spans, without their values."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from dbsbm.monitor.readings.explain import UNOBSERVED
from dbsbm.monitor.readings.fingerprint import fingerprint

if TYPE_CHECKING:
    from dbsbm.monitor.traces.tracing import Tracing


def trace_statements(engine: Engine, tracing: Tracing) -> None:
    """Make a span of each statement that the engine runs: its fingerprint, never its values."""
    spans = _StatementSpans(engine, tracing)
    event.listen(engine, "before_cursor_execute", spans.before)
    event.listen(engine, "after_cursor_execute", spans.after)
    event.listen(engine, "handle_error", spans.failed)


class _StatementSpans:
    def __init__(self, engine: Engine, tracing: Tracing) -> None:
        self._dialect = engine.dialect.name
        self._database = engine.url.database or ""
        self._tracing = tracing

    def before(
        self, _connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool
    ) -> None:
        context.dbsbm_span_began = perf_counter()

    def after(
        self, _connection: Any, _cursor: Any, sql: str, _values: Any, context: Any, _many: bool
    ) -> None:
        self._tell(sql, context, None)

    def failed(self, failure: ExceptionContext) -> None:
        if failure.statement is not None and failure.execution_context is not None:
            error = type(failure.original_exception).__name__
            self._tell(failure.statement, failure.execution_context, error)

    def _tell(self, sql: str, context: Any, error: str | None) -> None:
        began = getattr(context, "dbsbm_span_began", None)
        if began is None or UNOBSERVED in context.execution_options:
            return
        kind = fingerprint(sql, self._dialect)
        attributes: dict[str, str | int | float | bool] = {
            "db.system.name": self._dialect,
            "db.namespace": self._database,
            "db.operation.name": kind.verb.upper(),
            "db.query.text": kind.text,
            "dbsbm.fingerprint": kind.id,
        }
        if kind.table:
            attributes["db.collection.name"] = kind.table
        name = f"{kind.verb.upper()} {kind.table}".rstrip()
        self._tracing.past(name, perf_counter() - began, attributes, error)
