"""Which column keeps a number, a day or an amount of money in a type that is not made for it?

Evidence: joins of text with numbers, sums of texts, statements that turn a text into a day to
compare it, a sample of values that are days or times without exception, and amounts of money in
binary floating point.

Example: payments.order_id VARCHAR(20), joined with orders.id BIGINT: each value is converted, and
'007' and '7' are the same order.

Silent about texts that merely look like numbers (telephone numbers, postal codes), which nobody
sums up; about texts of which a value is no day; and about names that are no amounts, such as a
latitude or a rate, or that may be one, where values have more than cents or are never summed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import column_name, statement_evidence
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.rules.schema.joined import Pair, joined_columns
from dbsbm.optimizer.rules.statements.types import FLOATS, INTEGERS, difference, is_text
from dbsbm.optimizer.server.case import Case, Content
from dbsbm.optimizer.server.model import Column, Load, Table
from dbsbm.optimizer.statements.shape import ColumnRef, Shape

NAME = "schema.wrong_type"

_ENDING = r"(?:_(?:net|gross|usd|eur|gbp))?$"
_MONEY = re.compile(
    rf"(?:^|_)(?:price|fee|premium|balance|salary|payout|stake|subtotal|revenue|refund|wage)"
    rf"{_ENDING}",
    re.IGNORECASE,
)
_MAYBE_MONEY = re.compile(
    rf"(?:^|_)(?:amount|total|cost|discount|deposit|value){_ENDING}", re.IGNORECASE
)
_OF_MONEY = re.compile(
    r"order|invoice|bill|payment|payout|account|wallet|sale|purchase|transaction|cart|payroll|bet|"
    r"refund|subscription|donation|ledger|product|price",
    re.IGNORECASE,
)
"""Tables in which an amount is one of money; elsewhere it may be of anything that is measured."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_DAY_FUNCTIONS = {"str_to_date", "date", "year", "month", "datediff", "to_days", "unix_timestamp",
                  "timestamp", "str_to_time"}  # fmt: skip
_DAY_NAME = re.compile(r"(?:^|_)(?:date|day|time|datetime|timestamp|at|on)$", re.IGNORECASE)
_BOUNDS = {"<", "<=", ">", ">=", "between"}
_LONGEST_DAY = 32
MIN_ROWS = 1_000
"""Rows of a table whose values are looked at."""
MIN_VALUES = 50
"""Values of a sample that are alike by no chance."""


def examine(case: Case) -> list[Finding]:
    """Report each column of a type that does not fit."""
    found: dict[str, Finding] = {}
    for finding in (*_joins(case), *_sums(case), *_days(case), *_times(case), *_amounts(case)):
        found.setdefault(finding.object, finding)
    return list(found.values())


def _content(case: Case, table: Table, column: Column) -> Content | None:
    """What a sample of the column looks like, None where there is none that says anything."""
    if case.ask is None or table.rows < MIN_ROWS:
        return None
    found = case.ask.content(table, column.name)
    return None if isinstance(found, Missing) or found.values < MIN_VALUES else found


def _joins(case: Case) -> Iterator[Finding]:
    for pair in joined_columns(case):
        mixed = difference(pair.column, pair.other) == "types"
        if mixed and is_text(pair.column) and pair.other.base in INTEGERS:
            yield _joined(pair)


def _joined(pair: Pair) -> Finding:
    name = f"{pair.table.name}.{pair.column.name}"
    other = f"{pair.other_table.name}.{pair.other.name}"
    return _finding(
        pair.table,
        pair.column,
        f"{name} is {pair.column.type} and is joined with {other}, which is {pair.other.type}: "
        "each value is converted before it is compared.",
        pair.other.type,
        evidence={**statement_evidence(pair.load), "joined_with": f"{other}: {pair.other.type}"},
        confidence=0.95,
    )


def _shapes(case: Case) -> Iterator[tuple[Load, Shape]]:
    for load in () if isinstance(case.snapshot.load, Missing) else case.snapshot.load:
        whole = case.shapes.get(load.digest)
        for shape in shapes_within(whole) if whole else ():
            yield load, shape


def _place(case: Case, place: ColumnRef) -> tuple[Table, Column] | None:
    table = case.snapshot.tables.get((place.schema, place.table))
    column = table.columns.get(place.column) if table is not None else None
    return None if table is None or column is None else (table, column)


def _sums(case: Case) -> Iterator[Finding]:
    """Texts that statements sum up, and that are numbers without exception."""
    for load, shape in _shapes(case):
        for place in sorted(shape.summed, key=lambda each: each.column):
            found = _place(case, place)
            content = _content(case, *found) if found and is_text(found[1]) else None
            if found and content and content.integers + content.decimals == content.values:
                kind = "bigint" if not content.decimals else "decimal(19,4)"
                yield _summed(*found, load, kind, content)


def _summed(table: Table, column: Column, load: Load, kind: str, content: Content) -> Finding:
    return _finding(
        table,
        column,
        f"{table.name}.{column.name} is {column.type} and is summed up: each value is converted, "
        "by floating point, and a text that is no number counts as 0 without a word.",
        kind,
        evidence={**statement_evidence(load), **_sample(content, "integers", "decimals")},
        confidence=0.95,
    )


def _sample(content: Content, *what: str) -> dict[str, Any]:
    return {"sample": {each: getattr(content, each) for each in ("values", *what)}}


def _days(case: Case) -> Iterator[Finding]:
    """Texts that statements compare as days, or by bounds under a day's name."""
    for load, shape in _shapes(case):
        for each in shape.predicates:
            found = _place(case, each.column)
            if found is None or not _may_be_day(found[1]):
                continue
            is_named = bool(_DAY_NAME.search(_words(found[1].name))) and each.op in _BOUNDS
            content = _content(case, *found)
            is_compared = each.wrapped in _DAY_FUNCTIONS or is_named
            if is_compared and (content is None or _kind_of_time(content)):
                yield _day(*found, load, content)


def _times(case: Case) -> Iterator[Finding]:
    """Texts that are days or times without exception, compared or not."""
    for table in case.snapshot.tables.values():
        for column in table.columns.values():
            content = _content(case, table, column) if _may_be_day(column) else None
            kind = _kind_of_time(content) if content is not None else ""
            if content is not None and kind:
                yield _time(table, column, kind, content)


def _kind_of_time(content: Content) -> str:
    if content.days == content.values:
        return "date"
    return "datetime" if content.days + content.moments == content.values else ""


def _time(table: Table, column: Column, kind: str, content: Content) -> Finding:
    return _finding(
        table,
        column,
        f"{table.name}.{column.name} is {column.type} and holds nothing but times: as texts they "
        "take more room, cannot be reckoned with, and may become what is no time at all.",
        kind,
        evidence={"table_rows": table.rows, **_sample(content, "days", "moments")},
        confidence=0.85,
    )


def _words(name: str) -> str:
    """A name with its words apart: `dueOn` as `due_On`."""
    return _HUMP.sub("_", name)


def _may_be_day(column: Column) -> bool:
    return column.base in {"char", "varchar"} and 8 <= (column.length or 0) <= _LONGEST_DAY


def _day(table: Table, column: Column, load: Load, content: Content | None) -> Finding:
    guess = "date" if (column.length or 0) <= 10 else "datetime"
    kind = guess if content is None else _kind_of_time(content)
    sample = {} if content is None else _sample(content, "days", "moments")
    return _finding(
        table,
        column,
        f"{table.name}.{column.name} is {column.type} and is compared as a time: texts are sorted "
        "letter by letter, take more room, and may hold what is no time at all.",
        kind,
        evidence={**statement_evidence(load), **sample},
        confidence=0.8 if content is None else 0.95,
    )


def _amounts(case: Case) -> Iterator[Finding]:
    summed = {each for _, shape in _shapes(case) for each in _places(shape.summed)}
    for table in case.snapshot.tables.values():
        for column in table.columns.values():
            if column.base in FLOATS and _is_money(
                case, table, column, is_summed=(table.schema, table.name, column.name) in summed
            ):
                yield _finding(
                    table,
                    column,
                    f"{table.name}.{column.name} is {column.type}: binary fractions cannot hold "
                    "0.10, and sums of money drift by cents.",
                    "decimal(19,4)",
                    evidence={"table_rows": table.rows},
                    confidence=0.85,
                )


def _places(columns: Iterable[ColumnRef]) -> Iterator[tuple[str, str, str]]:
    return ((each.schema, each.table, each.column) for each in columns)


def _is_money(case: Case, table: Table, column: Column, *, is_summed: bool) -> bool:
    name = _words(column.name)
    if _MONEY.search(name):
        return True
    if not _MAYBE_MONEY.search(name):
        return False
    return bool(_OF_MONEY.search(table.name)) or (is_summed and _has_cents(case, table, column))


def _has_cents(case: Case, table: Table, column: Column) -> bool:
    """Tell whether values have two decimals at most, and mostly some: a measure has any number."""
    content = _content(case, table, column)
    return (
        content is not None
        and content.cents == content.values
        and content.fractions * 2 >= content.values
    )


def _finding(
    table: Table,
    column: Column,
    cause: str,
    kind: str,
    *,
    evidence: dict[str, Any],
    confidence: float,
) -> Finding:
    texts = {"charset": "", "collation": ""} if is_text(column) else {}
    return Finding(
        rule=NAME,
        object=column_name(table, column.name),
        severity="warning",
        cause=cause,
        evidence={**evidence, "type": column.type, "fitting_type": kind},
        fix=(ddl.alter(table, ddl.modify(column, type=kind, **texts)),),
        revert=(ddl.alter(table, ddl.modify(column)),),
        expected_gain="values are compared as what they are, and by their index",
        confidence=confidence,
        risk="high",
    )
