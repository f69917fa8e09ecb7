"""Tells cached functions what the statements that they run depend on."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import ExecutionContext

from dbsbm.querycache.reading.collecting import current_collector
from dbsbm.querycache.reading.options import CacheFor
from dbsbm.querycache.reading.queries import Asked, Queries
from dbsbm.querycache.reading.standing import refuse_unfit
from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.dialects import grammar_of
from dbsbm.querycache.sql.textual import StatementKind, understand

_NOT_READING: Final = frozenset(
    {
        StatementKind.BEGIN,
        StatementKind.COMMIT,
        StatementKind.ROLLBACK,
        StatementKind.SAVEPOINT,
        StatementKind.ROLLBACK_TO,
        StatementKind.RELEASE,
    }
)


class Observer:
    """Sees every statement of engines.

    Args:
        queries: Knows what a query depends on.
    """

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def attach(self, engine: Engine) -> None:
        """See the statements of an engine."""
        event.listen(engine, "before_cursor_execute", self._observe)

    def detach(self, engine: Engine) -> None:
        """See them no longer."""
        event.remove(engine, "before_cursor_execute", self._observe)

    def _observe(
        self,
        connection: Connection,
        _cursor: Any,
        sql: str,
        parameters: Any,
        _context: ExecutionContext,
        executemany: bool,
    ) -> None:
        """Tell the cached function that runs here, if there is one, what a statement reads."""
        collector = current_collector()
        if collector is None:
            return
        engine = connection.engine
        if understand(sql, grammar_of(engine.dialect.name)).kind in _NOT_READING:
            return
        try:
            if executemany:
                raise Refusal(Reason.NOT_A_SELECT, "a statement with several sets of parameters")
            refuse_unfit(connection)
            asked = Asked(engine, lambda: connection, CacheFor())
            collector.add(self._queries.tags(asked, sql, parameters))
        except Refusal as refusal:
            collector.refuse(refusal)
