"""Amounts of money in binary floating point."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.schema.fitting import content_of, mistyped, shapes_of, words
from dbsbm.optimizer.rules.statements.types import FLOATS
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Column, Table
from dbsbm.optimizer.statements.shape import ColumnRef

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


def money_in_floats(case: Case) -> Iterator[Finding]:
    """Each column of a fraction that holds amounts of money."""
    summed = {each for _, shape in shapes_of(case) for each in _places(shape.summed)}
    for table in case.snapshot.tables.values():
        for column in table.columns.values():
            if column.base in FLOATS and _is_money(
                case, table, column, is_summed=(table.schema, table.name, column.name) in summed
            ):
                yield mistyped(
                    table,
                    column,
                    f"{table.name}.{column.name} is {column.type}: binary fractions cannot hold "
                    "0.10, and sums of money drift by cents.",
                    "decimal(19,4)",
                    evidence={"table_rows": table.rows},
                    confidence=0.85,
                    gain="sums of money are exact, to the cent",
                )


def _places(columns: Iterable[ColumnRef]) -> Iterator[tuple[str, str, str]]:
    return ((each.schema, each.table, each.column) for each in columns)


def _is_money(case: Case, table: Table, column: Column, *, is_summed: bool) -> bool:
    name = words(column.name)
    if _MONEY.search(name):
        return True
    if not _MAYBE_MONEY.search(name):
        return False
    return bool(_OF_MONEY.search(table.name)) or (is_summed and _has_cents(case, table, column))


def _has_cents(case: Case, table: Table, column: Column) -> bool:
    """Tell whether values have two decimals at most, and mostly some: a measure has any number."""
    content = content_of(case, table, column)
    return (
        content is not None
        and content.cents == content.values
        and content.fractions * 2 >= content.values
    )
