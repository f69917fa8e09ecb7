"""Reads how the server itself spells columns, indexes and foreign keys: a revert must be exact."""

from __future__ import annotations

import re
from dataclasses import replace

from dbsbm.optimizer.server.connection import Connection, QueryError
from dbsbm.optimizer.server.model import Table
from dbsbm.optimizer.server.quoting import quoted

_NAME = r"`((?:[^`]|``)*)`"
_COLUMN = re.compile(rf"{_NAME} (.*)")
_PRIMARY = re.compile(r"PRIMARY KEY ")
_INDEX = re.compile(rf"(?:UNIQUE |FULLTEXT |SPATIAL |VECTOR )?KEY {_NAME} ")
_FOREIGN = re.compile(rf"CONSTRAINT {_NAME} FOREIGN KEY ")


def with_definitions(server: Connection, table: Table) -> Table:
    """The table with its definitions; without them where the user may not see them."""
    try:
        (row,) = server.rows(f"SHOW CREATE TABLE {quoted(table.schema)}.{quoted(table.name)}")
    except QueryError:
        return table
    return add_definitions(table, str(row["create table"]))


def add_definitions(table: Table, created: str) -> Table:
    """Add the definitions that SHOW CREATE TABLE printed, one a line, and put indexes in order."""
    columns: dict[str, str] = {}
    indexes: dict[str, str] = {}
    foreign: dict[str, str] = {}
    for line in created.split("\n  ")[1:]:
        definition = line.split("\n)")[0].removesuffix(",")
        if found := _COLUMN.match(definition):
            columns[_plain(found[1])] = found[2]
        elif _PRIMARY.match(definition):
            indexes["PRIMARY"] = definition
        elif found := _INDEX.match(definition):
            indexes[_plain(found[1])] = definition
        elif found := _FOREIGN.match(definition):
            foreign[_plain(found[1])] = definition
    places = {name: place for place, name in enumerate(indexes)}
    return replace(
        table,
        columns={
            name: replace(column, definition=columns.get(name, ""))
            for name, column in table.columns.items()
        },
        indexes=tuple(
            replace(index, definition=indexes.get(index.name, ""))
            for index in sorted(table.indexes, key=lambda each: places.get(each.name, len(places)))
        ),
        foreign_keys=tuple(
            replace(key, definition=foreign.get(key.name, "")) for key in table.foreign_keys
        ),
    )


def _plain(name: str) -> str:
    return name.replace("``", "`")
