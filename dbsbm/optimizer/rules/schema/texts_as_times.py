"""Columns of text that hold days or times."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import statement_evidence
from dbsbm.optimizer.rules.schema.fitting import (
    content_of,
    mistyped,
    place_of,
    sampled,
    shapes_of,
    words,
)
from dbsbm.optimizer.server.case import Case, Content
from dbsbm.optimizer.server.model import Column, Load, Table

_DAY_FUNCTIONS = {"str_to_date", "date", "year", "month", "datediff", "to_days", "unix_timestamp",
                  "timestamp", "str_to_time"}  # fmt: skip
_DAY_NAME = re.compile(r"(?:^|_)(?:date|day|time|datetime|timestamp|at|on)$", re.IGNORECASE)
_BOUNDS = {"<", "<=", ">", ">=", "between"}
_LONGEST_DAY = 32


def compared_as_times(case: Case) -> Iterator[Finding]:
    """Texts that statements compare as days, or by bounds under a day's name."""
    for load, shape in shapes_of(case):
        for each in shape.predicates:
            found = place_of(case, each.column)
            if found is None or not _may_be_day(found[1]):
                continue
            is_named = bool(_DAY_NAME.search(words(found[1].name))) and each.op in _BOUNDS
            if each.wrapped not in _DAY_FUNCTIONS and not is_named:
                continue
            content = content_of(case, *found)
            if content is None or _kind_of_time(content):
                yield _day(*found, load, content)


def holding_times(case: Case) -> Iterator[Finding]:
    """Texts that are days or times without exception, compared or not."""
    for table in case.snapshot.tables.values():
        for column in table.columns.values():
            content = content_of(case, table, column) if _may_be_day(column) else None
            kind = _kind_of_time(content) if content is not None else ""
            if content is not None and kind:
                yield _time(table, column, kind, content)


def _kind_of_time(content: Content) -> str:
    if content.days == content.values:
        return "date"
    return "datetime" if content.days + content.moments == content.values else ""


def _time(table: Table, column: Column, kind: str, content: Content) -> Finding:
    return mistyped(
        table,
        column,
        f"{table.name}.{column.name} is {column.type} and holds nothing but times: as texts they "
        "take more room, cannot be reckoned with, and may become what is no time at all.",
        kind,
        evidence={"table_rows": table.rows, **sampled(content, "days", "moments")},
        confidence=0.85,
    )


def _may_be_day(column: Column) -> bool:
    return column.base in {"char", "varchar"} and 8 <= (column.length or 0) <= _LONGEST_DAY


def _day(table: Table, column: Column, load: Load, content: Content | None) -> Finding:
    guess = "date" if (column.length or 0) <= 10 else "datetime"
    kind = guess if content is None else _kind_of_time(content)
    sample = {} if content is None else sampled(content, "days", "moments")
    return mistyped(
        table,
        column,
        f"{table.name}.{column.name} is {column.type} and is compared as a time: texts are sorted "
        "letter by letter, take more room, and may hold what is no time at all.",
        kind,
        evidence={**statement_evidence(load), **sample},
        confidence=0.8 if content is None else 0.95,
    )
