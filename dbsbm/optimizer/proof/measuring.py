"""What one run of a statement reads: rows, pages and time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from dbsbm.optimizer.proof.bench import Bench

RUNS: Final = 3
"""Of each statement; the smallest figures count: what is more is the machine's other work."""
_ENOUGH_SECONDS = 2.0
_READS = "SHOW SESSION STATUS LIKE 'Handler_read%'"
_PAGES = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_read_requests'"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a statement reads.

    Attributes:
        rows: Read from tables and indexes, exactly.
        pages: Of InnoDB that were looked at, None where the server does not say.
        seconds: On the server.
    """

    rows: int
    pages: int | None
    seconds: float

    def least(self, other: Reading) -> Reading:
        """The smaller of each figure."""
        pages = [each.pages for each in (self, other) if each.pages is not None]
        return Reading(
            min(self.rows, other.rows),
            min(pages) if pages else None,
            min(self.seconds, other.seconds),
        )


def measure(bench: Bench, statement: str) -> Reading:
    """Run a SELECT some times and give the smallest figures.

    Raises:
        QueryError: The server refused it, or it took too long.
        ServerAwayError: The server is gone.
    """
    reading = _run(bench, statement)
    for _ in range(RUNS - 1):
        if reading.seconds > _ENOUGH_SECONDS:
            break
        reading = reading.least(_run(bench, statement))
    return reading


def _run(bench: Bench, statement: str) -> Reading:
    return (_run_mariadb if bench.flavor == "mariadb" else _run_mysql)(bench, statement)


def _run_mariadb(bench: Bench, statement: str) -> Reading:
    """ANALYZE runs the statement, and keeps its rows to itself.

    Source of the fields: MariaDB Knowledge Base, "ANALYZE FORMAT=JSON"; `r_engine_stats` is there
    since 10.6.15 and 10.11.5.
    """
    before, started = _rows_read(bench), perf_counter()
    (row,) = bench.rows(f"ANALYZE FORMAT=JSON {statement}")
    seconds = perf_counter() - started
    rows = _rows_read(bench) - before
    try:
        analysed = json.loads(row["analyze"])
    except ValueError:  # MariaDB escapes no quotation mark in a table's name
        return Reading(rows, None, seconds)
    stats = list(_engine_stats(analysed))
    pages = sum(int(each.get("pages_accessed", 0)) for each in stats) if stats else None
    seconds = float(analysed.get("query_block", {}).get("r_total_time_ms", 0.0)) / 1000
    return Reading(rows, pages, seconds)


def _run_mysql(bench: Bench, statement: str) -> Reading:
    """EXPLAIN ANALYZE runs the statement, and keeps its rows to itself.

    MySQL counts pages for all sessions together, so that others' work adds to them.
    """
    noise = -_rows_read(bench) + _rows_read(bench)
    rows, pages, started = _rows_read(bench), _count(bench, _PAGES), perf_counter()
    bench.rows(f"EXPLAIN ANALYZE {statement}")
    seconds = perf_counter() - started
    pages = _count(bench, _PAGES) - pages
    return Reading(max(0, _rows_read(bench) - rows - noise), pages, seconds)


def _rows_read(bench: Bench) -> int:
    return _count(bench, _READS)


def _count(bench: Bench, statement: str) -> int:
    return sum(int(row["value"]) for row in bench.rows(statement))


def _engine_stats(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        for name, each in node.items():
            if name == "r_engine_stats" and isinstance(each, Mapping):
                yield each
            else:
                yield from _engine_stats(each)
    elif isinstance(node, list):
        for each in node:
            yield from _engine_stats(each)
