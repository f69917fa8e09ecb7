"""Reads tables, columns, indexes and foreign keys, a handful of statements for any number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from dbsbm.optimizer.server.connection import Connection, QueryError, Row, ServerRefusedError
from dbsbm.optimizer.server.model import Column, ForeignKey, Index, Part, Table

_SERVERS_OWN = {
    *("information_schema", "performance_schema", "mysql", "sys", "ndbinfo"),
    "mysql_innodb_cluster_metadata",
}
# Texts and binaries have a length that matters; a `char_length` is also given for enum and set.
_SIZED = {"char", "varchar", "binary", "varbinary"}

Prefixes = Mapping[tuple[str, str, str], tuple[int | None, ...]]
"""Estimated different values of the first one, two, three ... parts of an index."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of the schemas that are analysed."""

    tables: Mapping[tuple[str, str], Table]
    prefixes: Prefixes


def find_schemas(server: Connection) -> tuple[str, ...]:
    """The schemas to analyse: the one that the address names, or else all but the server's own.

    Raises:
        ServerRefusedError: There is none that the user may see.
    """
    seen = [
        str(row["schema_name"])
        for row in server.rows("SELECT schema_name AS schema_name FROM information_schema.schemata")
    ]
    if not server.schema:
        found = tuple(name for name in seen if name.lower() not in _SERVERS_OWN)
        if found:
            return found
        raise ServerRefusedError(
            f"The user sees no schema: run GRANT SELECT, SHOW VIEW ON `your_schema`.* "
            f"TO {server.user}, or name a user that may read one."
        )
    if server.schema.lower() in _SERVERS_OWN:
        raise ServerRefusedError(
            f"{server.schema} belongs to the server itself: name a schema of your own in the "
            "address, or none for all of them."
        )
    for name in (server.schema, *seen):
        if name in seen and name.lower() == server.schema.lower():
            return (name,)
    raise ServerRefusedError(
        f"There is no schema {server.schema} that the user may see: check its name, or run "
        f"GRANT SELECT, SHOW VIEW ON `{server.schema}`.* TO {server.user}."
    )


def read_schema(server: Connection, schemas: Collection[str]) -> Schema:
    """Read the tables of schemas; views and sequences are left out."""
    marks = _marks(schemas)
    names = tuple(schemas)
    columns = _by_table(server.rows(_COLUMNS.format(marks), names))
    statistics = _by_table(server.rows(_STATISTICS.format(marks), names))
    keys = _by_table(server.rows(_FOREIGN_KEYS.format(marks), names))
    stored = _stored_statistics(server, schemas)
    tables = {}
    prefixes: dict[tuple[str, str, str], tuple[int | None, ...]] = {}
    for row in server.rows(_TABLES.format(marks), names):
        key = (str(row["table_schema"]), str(row["table_name"]))
        parts = _by_index(statistics.get(key, ()))
        known = {
            name: _distinct_values(server, row, each, stored.get((*key, name), {}))
            for name, each in parts.items()
        }
        prefixes.update({(*key, name): counts for name, counts in known.items()})
        indexes = [
            _index(name, each, known[name][-1], stored.get((*key, name), {}).get("size"))
            for name, each in parts.items()
        ]
        indexes.sort(key=lambda index: (not index.primary, not index.unique))
        tables[key] = _table(row, columns.get(key, ()), indexes, keys.get(key, ()))
    return Schema(tables, prefixes)


_TABLES = """
    SELECT table_schema, table_name, engine, table_rows, data_length, index_length,
        auto_increment, table_collation
    FROM information_schema.tables
    WHERE table_schema IN ({}) AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
    ORDER BY table_schema, table_name"""
_COLUMNS = """
    SELECT table_schema, table_name, column_name, column_type, data_type, is_nullable,
        character_maximum_length, character_set_name, collation_name, extra
    FROM information_schema.columns WHERE table_schema IN ({})
    ORDER BY table_schema, table_name, ordinal_position"""
# Every column: which there are differs by flavor and version.
_STATISTICS = """
    SELECT * FROM information_schema.statistics WHERE table_schema IN ({})
    ORDER BY table_schema, table_name, index_name, seq_in_index"""
_FOREIGN_KEYS = """
    SELECT table_schema, table_name, constraint_name, column_name, referenced_table_schema,
        referenced_table_name, referenced_column_name
    FROM information_schema.key_column_usage
    WHERE table_schema IN ({}) AND referenced_table_name IS NOT NULL
    ORDER BY table_schema, table_name, constraint_name, ordinal_position"""
_STORED = """
    SELECT database_name AS table_schema, table_name, index_name, stat_name,
        IF(stat_name = 'size', stat_value * @@innodb_page_size, stat_value) AS value
    FROM mysql.innodb_index_stats
    WHERE (stat_name = 'size' OR stat_name LIKE 'n_diff_pfx%%') AND database_name IN ({})"""


def _marks(values: Collection[str]) -> str:
    return ", ".join(["%s"] * len(values))


def _by_table(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    def key(row: Row) -> tuple[str, str]:
        return str(row["table_schema"]), str(row["table_name"])

    return {name: list(each) for name, each in groupby(rows, key)}


def _by_index(rows: Iterable[Row]) -> dict[str, list[Row]]:
    return {name: list(each) for name, each in groupby(rows, lambda row: str(row["index_name"]))}


def _stored_statistics(
    server: Connection, schemas: Collection[str]
) -> Mapping[tuple[str, str, str], Mapping[str, int]]:
    """InnoDB's own statistics of indexes, none where the user may not read them."""
    try:
        rows = server.rows(_STORED.format(_marks(schemas)), tuple(schemas))
    except QueryError:
        return {}
    stored: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in rows:
        table = str(row["table_name"]).split("#P#")[0].split("#p#")[0]  # a row for each partition
        key = (str(row["table_schema"]), table, str(row["index_name"]))
        known, name, value = stored.setdefault(key, {}), str(row["stat_name"]), int(row["value"])
        before = known.get(name, 0)
        known[name] = before + value if name == "size" else max(before, value)
    return stored


def _distinct_values(
    server: Connection, table: Row, parts: list[Row], stored: Mapping[str, int]
) -> tuple[int | None, ...]:
    """Of the first one, two, three ... parts of an index."""
    rows = int(table["table_rows"] or 0)
    counts: list[int | None] = []
    for number, part in enumerate(parts, 1):
        known = stored.get(f"n_diff_pfx{number:02}")
        shown = None if part["cardinality"] is None else int(part["cardinality"])
        # InnoDB in MariaDB shows twice as many as it knows of, to make indexes look better
        # (storage/innobase/handler/ha_innodb.cc, ha_innobase::info_low).
        if shown is not None and server.flavor == "mariadb" and table["engine"] == "InnoDB":
            shown = shown if shown >= rows else max(1, shown // 2)
        counts.append(shown if known is None else known)
    return tuple(counts)


def _table(
    row: Row, columns: Iterable[Row], indexes: Iterable[Index], keys: Iterable[Row]
) -> Table:
    next_number = row["auto_increment"]
    return Table(
        str(row["table_schema"]),
        str(row["table_name"]),
        str(row["engine"] or ""),
        {str(each["column_name"]): _column(each) for each in columns},
        tuple(indexes),
        tuple(_foreign_keys(keys)),
        row["table_collation"],
        int(row["table_rows"] or 0),
        int(row["data_length"] or 0),
        int(row["index_length"] or 0),
        None if next_number is None else int(next_number),
    )


def _column(row: Row) -> Column:
    base, extra = str(row["data_type"]).lower(), str(row["extra"] or "").lower()
    length = row["character_maximum_length"]
    return Column(
        str(row["column_name"]),
        _text(row["column_type"]),
        base,
        nullable=row["is_nullable"] == "YES",
        length=int(length) if length is not None and (base in _SIZED or "text" in base) else None,
        charset=row["character_set_name"],
        collation=row["collation_name"],
        auto_increment="auto_increment" in extra,
        is_generated="generated" in extra and "default_generated" not in extra,
    )


def _index(name: str, rows: list[Row], cardinality: int | None, size: int | None) -> Index:
    first = rows[0]
    return Index(
        name,
        tuple(_part(row) for row in rows),
        unique=not int(first["non_unique"]),
        kind=str(first["index_type"]),
        enabled=first.get("ignored", "NO") == "NO" and first.get("is_visible", "YES") == "YES",
        cardinality=cardinality,
        bytes=size,
    )


def _part(row: Row) -> Part:
    prefix = row["sub_part"]
    return Part(
        row["column_name"], None if prefix is None else int(prefix), row["collation"] == "D"
    )


def _foreign_keys(rows: Iterable[Row]) -> Iterable[ForeignKey]:
    for name, parts in groupby(rows, lambda row: str(row["constraint_name"])):
        each = list(parts)
        yield ForeignKey(
            name,
            tuple(str(row["column_name"]) for row in each),
            str(each[0]["referenced_table_schema"]),
            str(each[0]["referenced_table_name"]),
            tuple(str(row["referenced_column_name"]) for row in each),
        )


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
