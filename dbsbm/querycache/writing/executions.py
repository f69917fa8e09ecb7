"""One execution as SQLAlchemy shows it to a listener: what runs, with what, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import ExecuteStyle, ExecutionContext

from dbsbm.querycache.sql.dialects import GRAMMARS
from dbsbm.querycache.sql.markers import Parameters
from dbsbm.querycache.sql.textual import Statement, understand
from dbsbm.querycache.writing.asking import Asking
from dbsbm.querycache.writing.pending import Pending
from dbsbm.querycache.writing.write_set import WriteSet


def statement_of(
    connection: Connection, sql: str, parameters: Any, context: ExecutionContext | None
) -> Statement:
    """Return what the text of an execution does."""
    text = sql
    if context is not None and _is_batched(context) and context.statement is not None:
        text = context.statement  # one row of it, not the batch
    no_parameters = not parameters and bool(getattr(context, "no_parameters", False))
    return understand(text, GRAMMARS[connection.dialect.name], formatted=not no_parameters)


def parameter_sets(
    parameters: Any, context: ExecutionContext | None, *, executemany: bool
) -> Sequence[Parameters]:
    """Return every set of parameters of an execution, one for each of its rows."""
    if context is not None and _is_batched(context):
        return list(context.parameters)
    if executemany:
        return list(parameters)
    return [parameters if parameters is not None else ()]


def asking_on(connection: Connection, pending: Pending) -> Asking:
    """Return what asks the database within the transaction on a connection."""
    driver: Any = connection.connection.dbapi_connection
    return Asking(driver, connection.dialect, holds_lock=bool(pending))


def learn(write_set: WriteSet, cursor: Any, asking: Asking, *, many: bool) -> None:
    """Take into account what the driver knows of a write that has run."""
    if write_set.generated is not None and write_set.inserted == 1 and not many:
        key = cursor.lastrowid or (asking.last_id() if write_set.returning else None)
        write_set.keyed([key] if isinstance(key, int) else [])
    if not many or not write_set.returning:
        write_set.counted(cursor.rowcount)


def collected_keys(result: Any, write_set: WriteSet) -> list[int]:
    """Return the generated keys among the rows that a batch of inserts returned.

    SQLAlchemy keeps them for the result that the application reads, which can be read but once.
    Should a later version keep them elsewhere, the whole table counts as changed.
    """
    rows: Iterable[Sequence[Any]] = getattr(result.context, "_insertmanyvalues_rows", None) or ()
    returned = getattr(result.context.compiled, "effective_returning", None) or ()
    names = [getattr(column, "name", None) for column in returned]
    column = write_set.generated
    if column is None or column.name not in names:
        return []
    place = names.index(column.name)
    return [row[place] for row in rows]


def _is_batched(context: ExecutionContext) -> bool:
    return context.execute_style is ExecuteStyle.INSERTMANYVALUES
