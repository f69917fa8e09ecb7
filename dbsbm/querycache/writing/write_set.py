"""What a statement changes, and what its run teaches about that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Table

from dbsbm.querycache.tags import TagSet, scope_tag


@dataclass(slots=True)
class WriteSet:
    """What a statement changes.

    Attributes:
        tags: What is known, so much as to be right whatever happens.
        table: The table of a write whose rows may be told.
        scope_tags: The tags of its rows' scopes, so far as they are known.
        others: What it changes in other tables.
        asked: How many rows the database knew it to meet; None where it was not asked.
        generated: The column whose values the database generates.
        inserted: How many rows it inserts.
        returning: It answers with rows, so that its count says nothing.
    """

    tags: TagSet
    table: Table | None = None
    scope_tags: set[str] | None = None
    others: TagSet = field(default_factory=TagSet)
    asked: int | None = None
    generated: Column[Any] | None = None
    inserted: int = 0
    returning: bool = False

    def counted(self, count: int) -> None:
        """Take the statement's count of rows into account.

        A write that met no row changed nothing. One that met more rows than it was known to meet
        met some that were inserted since: its table changed.
        """
        if self.table is None:
            return
        if count == 0 and not self.returning:
            self.tags = TagSet()
        elif self.asked is not None and count <= self.asked:
            self.settle()

    def keyed(self, keys: Sequence[int]) -> None:
        """Take the keys into account that the database generated."""
        if self.table is None or self.generated is None or len(keys) != self.inserted:
            return
        name = self.generated.name
        if self.scope_tags is not None:
            self.scope_tags |= {scope_tag(self.table.name, {name: key}) for key in keys}
            self.generated = None
            self.settle()

    def settle(self) -> None:
        """Take the rows that are known as all that change."""
        if self.table is None or self.generated is not None or self.scope_tags is None:
            return
        self.tags = TagSet()
        self.tags.merge(self.others)
        self.tags.add_rows(self.table.name, self.scope_tags)
