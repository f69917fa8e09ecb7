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

from collections.abc import Iterator
from typing import Final

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.describe import statement_evidence
from dbsbm.optimizer.rules.schema import fitting
from dbsbm.optimizer.rules.schema.fitting import (
    content_of,
    mistyped,
    place_of,
    sampled,
    shapes_of,
)
from dbsbm.optimizer.rules.schema.joined import Pair, joined_columns
from dbsbm.optimizer.rules.schema.money import money_in_floats
from dbsbm.optimizer.rules.schema.texts_as_times import compared_as_times, holding_times
from dbsbm.optimizer.rules.statements.types import INTEGERS, difference, is_text
from dbsbm.optimizer.server.case import Case, Content
from dbsbm.optimizer.server.model import Column, Load, Table

NAME: Final = fitting.NAME


def examine(case: Case) -> list[Finding]:
    """Report each column of a type that does not fit."""
    found: dict[str, Finding] = {}
    for finding in (
        *_joins(case),
        *_sums(case),
        *compared_as_times(case),
        *holding_times(case),
        *money_in_floats(case),
    ):
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
    return mistyped(
        pair.table,
        pair.column,
        f"{name} is {pair.column.type} and is joined with {other}, which is {pair.other.type}: "
        "each value is converted before it is compared.",
        pair.other.type,
        evidence={**statement_evidence(pair.load), "joined_with": f"{other}: {pair.other.type}"},
        confidence=0.95,
    )


def _sums(case: Case) -> Iterator[Finding]:
    """Texts that statements sum up, and that are numbers without exception."""
    for load, shape in shapes_of(case):
        for place in sorted(shape.summed, key=lambda each: each.column):
            found = place_of(case, place)
            content = content_of(case, *found) if found and is_text(found[1]) else None
            if found and content and content.integers + content.decimals == content.values:
                kind = "bigint" if not content.decimals else "decimal(19,4)"
                yield _summed(*found, load, kind, content)


def _summed(table: Table, column: Column, load: Load, kind: str, content: Content) -> Finding:
    return mistyped(
        table,
        column,
        f"{table.name}.{column.name} is {column.type} and is summed up: each value is converted, "
        "by floating point, and a text that is no number counts as 0 without a word.",
        kind,
        evidence={**statement_evidence(load), **sampled(content, "integers", "decimals")},
        confidence=0.95,
        gain="sums are exact, and no text that is no number is in them",
    )
