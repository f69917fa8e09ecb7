"""Reads the slow log: a table on the server, or a file where the server runs on this machine."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.optimizer.server.connection import Connection, QueryError, Row
from dbsbm.optimizer.server.model import Load
from dbsbm.optimizer.statements.spelling import verb_of

_TAIL_BYTES: Final = 16 * 1024 * 1024
_MOST: Final = 20_000

_TABLE = f"""
    SELECT db, sql_text, rows_sent, rows_examined, UNIX_TIMESTAMP(start_time) AS at,
        TIME_TO_SEC(query_time) + MICROSECOND(query_time) / 1e6 AS seconds
    FROM mysql.slow_log WHERE start_time >= NOW() - INTERVAL %s SECOND LIMIT {_MOST}"""  # noqa: S608 - a constant
_SCHEMA = re.compile(r"Schema: (\S+)")
_USE = re.compile(r"use `?([^`;]+)`?;", re.IGNORECASE)
_COUNTS = re.compile(r"(Query_time|Rows_sent|Rows_examined): ([\d.]+)")
_AT = re.compile(r"SET timestamp=(\d+)")


@dataclass(slots=True)
class Entry:
    """One statement that was slow."""

    schema: str = ""
    text: str = ""
    seconds: float = 0.0
    rows_sent: int = 0
    rows_examined: int = 0
    at: datetime | None = None


def read_slow_log(
    server: Connection, schemas: Collection[str], since: timedelta
) -> tuple[Entry, ...]:
    """The statements of schemas that were slow within `since`; none where they cannot be read."""
    names = {name.lower() for name in schemas}
    earliest = datetime.now(UTC) - since
    return tuple(
        each
        for source in (_from_table(server, since), _from_file(server))
        for each in source
        if each.schema.lower() in names
        and verb_of(each.text)
        and (each.at is None or each.at >= earliest)
    )


def as_load(entries: Iterable[Entry]) -> tuple[Load, ...]:
    """Entries as kinds of statements, the most expensive first."""
    kinds: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        kinds.setdefault((entry.schema, fingerprint(entry.text, "mysql").id), []).append(entry)
    load = [_load(schema, digest, kind) for (schema, digest), kind in kinds.items()]
    return tuple(sorted(load, key=lambda each: each.seconds, reverse=True))


def parse_slow_log(lines: Iterable[str]) -> Iterator[Entry]:
    """Read the file's format, as MySQL and MariaDB write it.

    Source: MySQL 8.0 Reference Manual, 7.4.5 "The Slow Query Log", "Slow Query Log Contents";
    MariaDB adds the schema to the head of an entry.
    """
    entry, schema, text = Entry(), "", list[str]()
    for line in lines:
        if line.startswith("#"):
            if text:
                yield _finished(entry, schema, text)
                entry, text = Entry(), []
            schema = _read_head(line, entry, schema)
        elif found := _USE.match(line):
            schema = found[1]
        elif found := _AT.match(line):
            entry.at = datetime.fromtimestamp(int(found[1]), UTC)
        elif entry.seconds:
            text.append(line)
    if text:
        yield _finished(entry, schema, text)


def match_key(text: str) -> str:
    """What a digest's text and a run's fingerprint have in common, whoever spelled them."""
    plain = fingerprint(text, "mysql").text.upper().replace("`", "").rstrip("; ")
    for written, common in _COMMON:
        plain = written.sub(common, plain)
    return plain


_COMMON = tuple(
    (re.compile(written), common)
    for written, common in (
        (r"/\* , \.\.\. \*/", ""),
        (r"\bSQL_TSI_", ""),
        (r"<>", "!="),
        (r"\b(?:AS|INNER|OUTER|ASC)\b", ""),
        (r"- ?\?", "?"),
        (r"\( *(?:\.\.\.|\?\+?)(?: *, *(?:\?|\.\.\.))* *\)", "(?)"),
        (r"\?(?: *, *(?:\?|\.\.\.))+", "?"),
        (r"\s+", ""),
    )
)


def _read_head(line: str, entry: Entry, schema: str) -> str:
    for name, value in _COUNTS.findall(line):
        if name == "Query_time":
            entry.seconds = float(value)
        elif name == "Rows_sent":
            entry.rows_sent = int(float(value))
        else:
            entry.rows_examined = int(float(value))
    found = _SCHEMA.search(line)
    return found[1] if found else schema


def _finished(entry: Entry, schema: str, text: Iterable[str]) -> Entry:
    entry.schema, entry.text = schema, "".join(text).strip().rstrip(";")
    return entry


def _from_table(server: Connection, since: timedelta) -> Iterator[Entry]:
    try:
        (row,) = server.rows("SELECT @@log_output AS output")
        if "TABLE" not in str(row["output"]).upper():
            return
        rows = server.rows(_TABLE, (max(1, int(since.total_seconds())),))
    except QueryError:
        return
    yield from map(_entry, rows)


def _entry(row: Row) -> Entry:
    text = row["sql_text"]
    return Entry(
        str(row["db"] or ""),
        text.decode(errors="replace") if isinstance(text, bytes) else str(text),
        float(row["seconds"] or 0),
        int(row["rows_sent"] or 0),
        int(row["rows_examined"] or 0),
        datetime.fromtimestamp(float(row["at"]), UTC) if row["at"] else None,
    )


def _from_file(server: Connection) -> Iterator[Entry]:
    if not server.is_local:
        return
    (row,) = server.rows("SELECT @@datadir AS folder, @@slow_query_log_file AS file")
    path = Path(str(row["folder"])) / str(row["file"])
    with suppress(OSError), path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines(keepends=True)
        yield from parse_slow_log(lines)


def _load(schema: str, digest: str, entries: list[Entry]) -> Load:
    moments = [entry.at for entry in entries if entry.at is not None]
    return Load(
        digest,
        schema,
        fingerprint(entries[-1].text, "mysql").text,
        len(entries),
        sum(entry.seconds for entry in entries),
        sum(entry.rows_examined for entry in entries),
        sum(entry.rows_sent for entry in entries),
        first_seen=min(moments, default=None),
        last_seen=max(moments, default=None),
        source="slow log",
        sample=entries[-1].text,
    )
