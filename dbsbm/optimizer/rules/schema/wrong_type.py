"""Which column keeps a number, a day or an amount of money in a type that is not made for it?

Evidence: joins of text with numbers, statements that turn a text into a number or a day to compare
or to sort it, and amounts of money in binary floating point.

Example: payments.order_id VARCHAR(20), joined with orders.id BIGINT: each value is converted, and
'007' and '7' are the same order.

Silent about texts that merely look like numbers (telephone numbers, postal codes), about names
that are no amounts, such as a latitude or a rate, and where nothing ever compares the column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import column_name, statement_evidence
from dbsbm.optimizer.rules.indexes.uses import shapes_within
from dbsbm.optimizer.rules.schema.joined import Pair, joined_columns
from dbsbm.optimizer.rules.statements.types import FLOATS, INTEGERS, difference, is_text
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Load, Table

NAME = "schema.wrong_type"

_ENDING = r"(?:_(?:net|gross|usd|eur|gbp))?$"
_MONEY = re.compile(
    rf"(?:^|_)(?:price|balance|salary|payout|stake|subtotal|revenue|refund|wage){_ENDING}",
    re.IGNORECASE,
)
_MAYBE_MONEY = re.compile(
    rf"(?:^|_)(?:amount|total|cost|fee|discount|deposit|value){_ENDING}", re.IGNORECASE
)
_OF_MONEY = re.compile(
    r"order|invoice|bill|payment|payout|account|wallet|sale|purchase|transaction|cart|payroll|bet|"
    r"refund|subscription|donation|ledger|product|price",
    re.IGNORECASE,
)
"""Tables in which an amount is one of money; elsewhere it may be of anything that is measured."""
_DAY_FUNCTIONS = {"str_to_date", "date", "year", "month", "datediff", "to_days", "unix_timestamp",
                  "timestamp", "str_to_time"}  # fmt: skip
_DAY_NAME = re.compile(r"(?:^|_)(?:date|day|time|datetime|timestamp|at|on)$", re.IGNORECASE)
_BOUNDS = {"<", "<=", ">", ">=", "between"}
_LONGEST_DAY = 32


def examine(case: Case) -> list[Finding]:
    """Report each column of a type that does not fit."""
    found: dict[str, Finding] = {}
    for finding in (*_joins(case), *_days(case), *_amounts(case)):
        found.setdefault(finding.object, finding)
    return list(found.values())


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


def _days(case: Case) -> Iterator[Finding]:
    """Texts that statements compare as days, or by bounds under a day's name."""
    for load in () if isinstance(case.snapshot.load, Missing) else case.snapshot.load:
        whole = case.shapes.get(load.digest)
        for shape in shapes_within(whole) if whole else ():
            for each in shape.predicates:
                place = each.column
                table = case.snapshot.tables.get((place.schema, place.table))
                column = table.columns.get(place.column) if table is not None else None
                if table is None or column is None or not _may_be_day(column):
                    continue
                is_named = bool(_DAY_NAME.search(column.name)) and each.op in _BOUNDS
                if each.wrapped in _DAY_FUNCTIONS or is_named:
                    yield _day(table, column, load)


def _may_be_day(column: Column) -> bool:
    return column.base in {"char", "varchar"} and 8 <= (column.length or 0) <= _LONGEST_DAY


def _day(table: Table, column: Column, load: Load) -> Finding:
    kind = "date" if (column.length or 0) <= 10 else "datetime"
    return _finding(
        table,
        column,
        f"{table.name}.{column.name} is {column.type} and is compared as a time: texts are sorted "
        "letter by letter, take more room, and may hold what is no time at all.",
        kind,
        evidence=statement_evidence(load),
        confidence=0.8,
    )


def _amounts(case: Case) -> Iterator[Finding]:
    for table in case.snapshot.tables.values():
        for column in table.columns.values():
            if column.base in FLOATS and _is_money(table, column):
                yield _finding(
                    table,
                    column,
                    f"{table.name}.{column.name} is {column.type}: binary fractions cannot hold "
                    "0.10, and sums of money drift by cents.",
                    "decimal(19,4)",
                    evidence={"table_rows": table.rows},
                    confidence=0.85,
                )


def _is_money(table: Table, column: Column) -> bool:
    may_be = _MAYBE_MONEY.search(column.name) is not None
    return bool(_MONEY.search(column.name)) or (may_be and bool(_OF_MONEY.search(table.name)))


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
