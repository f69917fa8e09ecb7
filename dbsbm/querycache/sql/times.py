"""Times of MySQL that become dates: of a TIME without a date the server takes today's.

So what makes a date of a value is pure only where no value of the query can be a TIME.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Final

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeEngine
from sqlglot import exp

from dbsbm.querycache.refusals import Reason, Refusal
from dbsbm.querycache.sql.parsing import ParsedQuery
from dbsbm.querycache.sql.purity import calls
from dbsbm.querycache.sql.reads import TableRead
from dbsbm.querycache.sql.vocabulary import MYSQL_DATES, MYSQL_TIMES

_DATES: Final = frozenset(
    {
        exp.DataType.Type.DATE,
        exp.DataType.Type.DATETIME,
        exp.DataType.Type.TIMESTAMP,
        exp.DataType.Type.TIMESTAMPTZ,
        exp.DataType.Type.YEAR,
    }
)


def refuse_dated_times(
    query: ParsedQuery,
    reads: Sequence[TableRead],
    tables: Mapping[str, Table],
    grammar: str,
    also_pure: Collection[str],
) -> None:
    """Pass over a query that takes no date from the clock for a time that has none.

    Args:
        query: The query.
        reads: The tables that it reads.
        tables: What is known of tables, by their names in lower case.
        grammar: `mysql` or `sqlite`.
        also_pure: Functions, in capitals, of whose results no more is known than they are pure.

    Raises:
        Refusal: It may.
    """
    if grammar == "mysql" and _makes_date(query) and _has_time(query, reads, tables, also_pure):
        raise Refusal(Reason.FUNCTION, "a date is made of what may be a TIME, with today's date")


def _makes_date(query: ParsedQuery) -> bool:
    called = {query.tokens[place].text.upper() for place in calls(query.tokens)}
    return not called.isdisjoint(MYSQL_DATES) or any(
        cast.to.this in _DATES for cast in query.tree.find_all(exp.Cast)
    )


def _has_time(
    query: ParsedQuery,
    reads: Sequence[TableRead],
    tables: Mapping[str, Table],
    also_pure: Collection[str],
) -> bool:
    words = {token.text.upper() for token in query.tokens}
    if not words.isdisjoint(MYSQL_TIMES) or not words.isdisjoint(also_pure):
        return True
    return any(_may_hold_time(tables.get(read.name.lower())) for read in reads)


def _may_hold_time(table: Table | None) -> bool:
    return table is None or any(_may_be_time(column.type) for column in table.columns)


@cache
def _dialect() -> Dialect:
    return mysql.dialect()


def _may_be_time(kind: TypeEngine[object]) -> bool:
    try:
        name = kind.compile(dialect=_dialect()).upper()
    except CompileError:
        return True
    return name.startswith("TIME") and not name.startswith("TIMESTAMP")
