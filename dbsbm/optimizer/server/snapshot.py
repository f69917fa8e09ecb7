"""Reads all that rules need of a server, in some tens of statements."""

from __future__ import annotations

from datetime import timedelta

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.connection import Connection
from dbsbm.optimizer.server.definitions import with_definitions
from dbsbm.optimizer.server.facts import read_server
from dbsbm.optimizer.server.index_use import read_index_use
from dbsbm.optimizer.server.load import read_load, with_runs
from dbsbm.optimizer.server.model import Load, Snapshot
from dbsbm.optimizer.server.questions import ServerQuestions
from dbsbm.optimizer.server.schema import Schema, find_schemas, read_schema
from dbsbm.optimizer.statements.reader import read_shape
from dbsbm.optimizer.statements.shape import Shape


def read_case(server: Connection, *, since: timedelta) -> Case:
    """Read what a rule is given.

    Args:
        server: The server; its address says which schema is meant.
        since: How far to look back: statements that did not run since then are left out.

    Raises:
        ServerRefusedError: There is nothing that the user may see.
        ServerAwayError: The server is gone.
    """
    schemas = find_schemas(server)
    schema = read_schema(server, schemas)
    schema = Schema(
        {key: with_definitions(server, table) for key, table in schema.tables.items()},
        schema.prefixes,
    )
    load = read_load(server, schemas, since)
    if not isinstance(load, Missing):
        load = with_runs(server, schemas, load)
    snapshot = Snapshot(read_server(server), schema.tables, load, read_index_use(server, schemas))
    shapes = {} if isinstance(load, Missing) else _shapes(load, schema)
    return Case(snapshot, shapes, ServerQuestions(server, schema))


def _shapes(load: tuple[Load, ...], schema: Schema) -> dict[str, Shape]:
    shapes = {}
    for each in load:
        shape = _shape(each, schema)
        if shape is not None:
            shapes[each.digest] = shape
    return shapes


def _shape(load: Load, schema: Schema) -> Shape | None:
    """From a run where one is known, for it also tells of kinds of values and of page numbers."""
    if load.sample is not None:
        shape = read_shape(load.sample, load.schema, schema.tables)
        if shape is not None:
            return shape
    return read_shape(load.text, load.schema, schema.tables)
