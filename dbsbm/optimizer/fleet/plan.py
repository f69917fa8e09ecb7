"""What is expensive in a plan, as MySQL, MariaDB and SQLite tell it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["full scan", "index scan", "sort", "temporary table"]

_SQLITE_SCAN = re.compile(r"SCAN (?!CONSTANT ROW|\()(\w+)(.*)")
_SQLITE_INDEX = re.compile(r" USING (?:COVERING )?INDEX ")
_SQLITE_SORT = re.compile(r"USE TEMP B-TREE FOR (?:LAST TERM OF )?(ORDER BY|GROUP BY|DISTINCT)")


@dataclass(frozen=True, slots=True)
class Step:
    """One expensive step of a plan.

    Attributes:
        kind: `full scan` reads every row, `index scan` every entry of an index.
        table: The table, by its name in the statement; empty where the plan does not say.
        rows: Rows that the server expects to read, None where it does not say.
    """

    kind: Kind
    table: str
    rows: int | None


def expensive_steps(plan: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The expensive steps of a plan as the monitor stores it, in its order."""
    return [step for row in plan for step in (_sqlite(row) if "detail" in row else _mysql(row))]


def _mysql(row: Mapping[str, Any]) -> Iterator[Step]:
    table, rows = str(row.get("table", "")), row.get("rows")
    extra = str(row.get("Extra", ""))
    # Names such as <derived2> are results of other rows of the plan.
    if not table.startswith("<"):
        if row.get("type") == "ALL":
            yield Step("full scan", table, rows)
        elif row.get("type") == "index":
            yield Step("index scan", table, rows)
    if "Using filesort" in extra:
        yield Step("sort", table, rows)
    if "Using temporary" in extra:
        yield Step("temporary table", table, rows)


def _sqlite(row: Mapping[str, Any]) -> Iterator[Step]:
    detail = str(row["detail"])
    if scan := _SQLITE_SCAN.match(detail):
        yield Step("index scan" if _SQLITE_INDEX.search(scan[2]) else "full scan", scan[1], None)
    elif sort := _SQLITE_SORT.match(detail):
        yield Step("sort" if sort[1] == "ORDER BY" else "temporary table", "", None)
