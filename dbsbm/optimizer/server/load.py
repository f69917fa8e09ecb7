"""Reads what a server did, one row for each kind of statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import Connection, QueryError, Row
from dbsbm.optimizer.server.digests import Digests
from dbsbm.optimizer.server.instruments import OFF, PERFORMANCE_SCHEMA, consumes, failed, is_on
from dbsbm.optimizer.server.model import Load
from dbsbm.optimizer.server.slow_log import Entry, match_key
from dbsbm.optimizer.statements.spelling import mark_cut_off, verb_of

MOST: Final = 5000
"""Kinds of statements that are looked at, the most expensive first; as many as a server keeps."""

_MOST_RUNS: Final = 6_000
"""Runs that are looked at: a few of each of 2,000 kinds; a server remembers up to 10,000."""

_RUN_ROWS: Final = 100
"""Rows that a run read, from which on its values can tell something: which type they have, how far
a page is, how long a list."""

_DIGESTS = """
    SELECT {sample}, schema_name, digest, digest_text, count_star,
        sum_timer_wait / 1e12 AS seconds, sum_rows_examined, sum_rows_sent, sum_rows_affected,
        sum_no_index_used, sum_sort_rows, sum_created_tmp_tables, sum_created_tmp_disk_tables,
        sum_errors, UNIX_TIMESTAMP(first_seen) AS first_seen, UNIX_TIMESTAMP(last_seen) AS last_seen
    FROM performance_schema.events_statements_summary_by_digest
    WHERE (schema_name IN ({marks}) OR schema_name IS NULL) AND digest_text IS NOT NULL
        AND last_seen >= NOW() - INTERVAL %s SECOND
    {order} LIMIT {most}"""
_RUNS = """
    SELECT digest, current_schema AS schema_name, sql_text AS sample
    FROM performance_schema.{table}
    WHERE current_schema IN ({marks}) AND digest IS NOT NULL AND rows_examined >= {rows}
    LIMIT {most}"""
"""Not grouped: the server would write long texts to a temporary table on disk for that."""
_HISTORIES = ("events_statements_history_long", "events_statements_history")
"""The longer one holds nearly all of the shorter one."""


def read_load(
    server: Connection, schemas: Collection[str], since: timedelta, digests: Digests
) -> tuple[Load, ...] | Missing:
    """Read the digests of the performance schema that were seen within `since`, dearest first."""
    try:
        if not is_on(server):
            return Missing(OFF)
        if not consumes(server, "statements_digest"):
            return Missing(
                "Statements are not counted: run UPDATE performance_schema.setup_consumers "
                "SET ENABLED = 'YES' WHERE NAME = 'statements_digest'."
            )
        rows, length = _digests(server, schemas, since, digests), _digest_length(server)
    except QueryError as error:
        return failed(server, error, "Counts of statements", PERFORMANCE_SCHEMA)
    kept = [row for row in rows if _is_about(row, schemas)]
    times_seen = Counter(str(row["digest"]) for row in kept)
    loads = (_load(row, times_seen, length) for row in kept)
    return tuple(sorted(loads, key=lambda load: load.seconds, reverse=True))


def wants_run(load: Load) -> bool:
    """Tell whether the values of a run would tell anything: it reads more than a few rows."""
    return load.rows_examined >= _RUN_ROWS * load.calls


def read_runs(server: Connection, schemas: Collection[str]) -> Mapping[tuple[str, str], str]:
    """Runs that the server remembers and that are wanted, by digest and schema."""
    for table in _HISTORIES:
        with suppress(QueryError):  # it is on in some servers only, and read by some users only
            rows = _remembered(server, table, schemas)
            if rows:  # the longer one may have been switched on just now
                return {
                    (str(row["digest"]), str(row["schema_name"])): row["sample"] for row in rows
                }
    return {}


def _remembered(server: Connection, table: str, schemas: Collection[str]) -> list[Row]:
    if not consumes(server, table):
        return []
    statement = _RUNS.format(table=table, marks=_marks(schemas), rows=_RUN_ROWS, most=_MOST_RUNS)
    return server.rows(statement, tuple(schemas))


def with_runs(
    load: Iterable[Load], runs: Mapping[tuple[str, str], str], slow: Iterable[Entry] = ()
) -> tuple[Load, ...]:
    """Add a run to each kind of statement of which one is known.

    Args:
        load: Kinds of statements.
        runs: By digest and schema.
        slow: Runs that were slow, of any kind.
    """
    logged = {(match_key(entry.text), entry.schema): entry.text for entry in slow}
    return tuple(each if each.sample else _with_run(each, runs, logged) for each in load)


def _with_run(
    load: Load, runs: Mapping[tuple[str, str], str], logged: Mapping[tuple[str, str], str]
) -> Load:
    sample = _whole(runs.get((load.digest.split("@")[0], load.schema)))
    if sample is None and logged:
        sample = logged.get((match_key(load.text), load.schema))
    return replace(load, sample=sample)


def _digests(
    server: Connection, schemas: Collection[str], since: timedelta, digests: Digests
) -> list[Row]:
    fit = digests.kinds is not None and digests.kinds <= MOST
    statement = _DIGESTS.format(
        # MariaDB keeps no sample beside a digest.
        sample="query_sample_text" if server.flavor == "mysql" else "NULL AS query_sample_text",
        marks=_marks(schemas),
        # A server that sorts long texts works twice as long, and all are taken where they fit.
        order="" if fit else "ORDER BY sum_timer_wait DESC",
        most=MOST,
    )
    return server.rows(statement, (*schemas, max(1, int(since.total_seconds()))))


def _is_about(row: Row, schemas: Collection[str]) -> bool:
    """Tell whether a statement reads or writes rows of these schemas."""
    text = str(row["digest_text"])
    if not verb_of(text):
        return False
    return row["schema_name"] is not None or any(f"`{name}` ." in text for name in schemas)


def _digest_length(server: Connection) -> int:
    """Bytes that are kept of a digest: by the parser, and then by the performance schema."""
    rows = server.rows(
        "SELECT LEAST(@@max_digest_length, @@performance_schema_max_digest_length) AS length"
    )
    return min((int(row["length"]) for row in rows), default=1024)


def _load(row: Row, times_seen: Mapping[str, int], length: int) -> Load:
    digest, schema = str(row["digest"]), str(row["schema_name"] or "")
    return Load(
        # The same text in two schemas has one digest, and is two kinds of statements.
        digest if times_seen[digest] == 1 else f"{digest}@{schema}",
        schema,
        mark_cut_off(str(row["digest_text"]).strip(), length),
        int(row["count_star"]),
        float(row["seconds"]),
        int(row["sum_rows_examined"]),
        int(row["sum_rows_sent"]),
        int(row["sum_rows_affected"]),
        int(row["sum_no_index_used"]),
        int(row["sum_sort_rows"]),
        int(row["sum_created_tmp_tables"]),
        int(row["sum_created_tmp_disk_tables"]),
        int(row["sum_errors"]),
        _moment(row["first_seen"]),
        _moment(row["last_seen"]),
        sample=_whole(row["query_sample_text"]),
    )


def _whole(sample: object) -> str | None:
    """The run, unless its end is cut off or its values were left out, as in a prepared one."""
    text = sample.decode(errors="replace") if isinstance(sample, bytes) else sample
    if not isinstance(text, str) or not verb_of(text) or text.rstrip().endswith("..."):
        return None
    return text


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(float(str(seconds)), UTC) if seconds else None


def _marks(values: Collection[str]) -> str:
    return ", ".join(["%s"] * len(values))
