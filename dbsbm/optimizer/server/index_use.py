"""Reads how often each index was used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.instruments import OFF, PERFORMANCE_SCHEMA, failed, is_on
from dbsbm.optimizer.server.model import IndexUse

_INSTRUMENT = "wait/io/table/sql/handler"
_NOT_COUNTED = (
    "Uses of indexes are not counted: run UPDATE performance_schema.setup_instruments "
    "SET ENABLED = 'YES', TIMED = 'YES' WHERE NAME = 'wait/io/table/sql/handler'."
)
_USES = """
    SELECT object_schema AS table_schema, object_name AS table_name, index_name, count_read,
        count_insert + count_update + count_delete AS count_write
    FROM performance_schema.table_io_waits_summary_by_index_usage WHERE object_schema IN ({})"""


def read_index_use(
    server: Connection, schemas: Collection[str]
) -> Mapping[tuple[str, str, str], IndexUse] | Missing:
    """Read the uses of indexes; what is written to a table is written to each of its indexes."""
    try:
        if not is_on(server):
            return Missing(OFF)
        if not _counts(server):
            return Missing(_NOT_COUNTED)
        rows = server.rows(_USES.format(", ".join(["%s"] * len(schemas))), tuple(schemas))
    except QueryError as error:
        return failed(server, error, "Uses of indexes", PERFORMANCE_SCHEMA)
    writes: Counter[tuple[str, str]] = Counter()
    for row in rows:
        writes[row["table_schema"], row["table_name"]] += int(row["count_write"])
    return {
        (row["table_schema"], row["table_name"], row["index_name"]): IndexUse(
            int(row["count_read"]), writes[row["table_schema"], row["table_name"]]
        )
        for row in rows
        if row["index_name"] is not None
    }


def _counts(server: Connection) -> bool:
    rows = server.rows(
        "SELECT enabled FROM performance_schema.setup_instruments WHERE name = %s", (_INSTRUMENT,)
    )
    return any(row["enabled"] == "YES" for row in rows)
