"""Reads all that rules need of a server, in some tens of statements."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.connection import Connection
from dbsbm.optimizer.server.definitions import with_definitions
from dbsbm.optimizer.server.digests import Digests, read_digests
from dbsbm.optimizer.server.facts import read_server
from dbsbm.optimizer.server.gaps import find_gaps
from dbsbm.optimizer.server.index_use import read_index_use
from dbsbm.optimizer.server.load import read_load, read_runs, wants_run, with_runs
from dbsbm.optimizer.server.locks import read_deadlock, read_lock_waits, read_transactions
from dbsbm.optimizer.server.model import Load, Snapshot
from dbsbm.optimizer.server.questions import ServerQuestions
from dbsbm.optimizer.server.schema import Schema, find_schemas, read_schema
from dbsbm.optimizer.server.slow_log import as_load, read_slow_log
from dbsbm.optimizer.statements.reader import read_shape
from dbsbm.optimizer.statements.shape import Shape

ENOUGH_RUNS = 0.5
"""Share of the kinds of which a run is wanted and known, from which on no more is searched."""


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
    digests = read_digests(server)
    load = _read_load(server, schemas, since, digests)
    shapes = {} if isinstance(load, Missing) else _shapes(load, schema)
    snapshot = Snapshot(
        read_server(server, digests.age),
        schema.tables,
        load,
        read_index_use(server, schemas),
        read_deadlock(server),
        read_lock_waits(server),
        read_transactions(server),
        gaps=find_gaps(load, shapes.keys(), digests.unnamed_seconds),
    )
    return Case(snapshot, shapes, ServerQuestions(server, schema))


def _read_load(
    server: Connection, schemas: Collection[str], since: timedelta, digests: Digests
) -> tuple[Load, ...] | Missing:
    """From digests, with runs from wherever there are some; from the slow log where it is all."""
    load = read_load(server, schemas, since, digests)
    if isinstance(load, Missing):
        return as_load(read_slow_log(server, schemas, since)) or load
    if not _are_enough(load):
        load = with_runs(load, read_runs(server, schemas))
    if not _are_enough(load):  # a log may be long, and is read row by row
        load = with_runs(load, {}, read_slow_log(server, schemas, since))
    return load


def _are_enough(load: tuple[Load, ...]) -> bool:
    """Tell whether a run is known of most kinds of statements of which one is wanted."""
    wanted = [each for each in load if wants_run(each)]
    return sum(each.sample is not None for each in wanted) >= ENOUGH_RUNS * len(wanted)


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
