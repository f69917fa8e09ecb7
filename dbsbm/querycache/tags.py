"""The names of what a query depends on, and of what a write changed.

A query depends on the table tag of each table it reads and, for each, on the scope tag of the rows
it is pinned to or else on the any tag. A write bumps:

- the any tag and the scope tags of each row it touched, where these rows are known,
- the table tag, where they are not,
- the global tag, where not even the table is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key, prefix

GLOBAL_TAG: Final = "t:*"
"""What every query depends on."""

MOST_ROWS: Final = 200
"""Rows of one table whose tags a transaction names one by one; beyond that it names the table."""

ScopeValue = int | bool | UUID | date | str


def table_tag(table: str) -> str:
    """Return the tag that every query on a table depends on."""
    return f"t:{table.lower()}"


def any_tag(table: str) -> str:
    """Return the tag of the queries on a table that are pinned to no scope."""
    return f"t:{table.lower()}:*"


def scope_tag(table: str, values: Mapping[str, ScopeValue]) -> str:
    """Return the tag of the rows of a table that have these values, such as `{"guild_id": 7}`.

    The values are those that `dbsbm.querycache.scopes.comparable` returns.
    """
    pins = ",".join(f"{column.lower()}={_spelled(values[column])}" for column in sorted(values))
    return f"t:{table.lower()}:{pins}"


def _spelled(value: ScopeValue) -> str:
    """Write a value as it stands in a key: the same in every process, without `,`, `:` and `=`."""
    if type(value) is int:  # by far the commonest, so it takes the short way
        return f"#{value:d}"
    return Key.of(Category.DB_QUERY, value).wire.removeprefix(prefix(Category.DB_QUERY))


class TagSet:
    """Tags of changes, as few as say the same: a table tag stands for every tag of its table."""

    def __init__(self) -> None:
        self._everything = False
        self._whole: set[str] = set()
        self._rows: dict[str, set[str]] = {}

    def __bool__(self) -> bool:
        return self._everything or bool(self._whole) or bool(self._rows)

    def __iter__(self) -> Iterator[str]:
        if self._everything:
            yield GLOBAL_TAG
            return
        yield from map(table_tag, self._whole)
        for table, scopes in self._rows.items():
            yield any_tag(table)
            yield from scopes

    def add_everything(self) -> None:
        """Something changed that cannot be told."""
        self._everything = True

    def add_table(self, table: str) -> None:
        """Rows of a table changed that cannot be told."""
        self._whole.add(table.lower())
        self._rows.pop(table.lower(), None)

    def add_rows(self, table: str, scope_tags: set[str]) -> None:
        """Rows of a table changed: these are the tags of their old and new scopes."""
        if table.lower() in self._whole:
            return
        known = self._rows.setdefault(table.lower(), set())
        known |= scope_tags
        if len(known) > 2 * MOST_ROWS:
            self.add_table(table)

    def merge(self, other: TagSet) -> None:
        """Add what another set has."""
        self._everything |= other._everything
        for table in other._whole:
            self.add_table(table)
        for table, scopes in other._rows.items():
            self.add_rows(table, scopes)
