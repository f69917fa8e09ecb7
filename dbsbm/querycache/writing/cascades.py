"""What the database itself changes after a write: rows that refer to a row by a foreign key."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ForeignKeyConstraint, MetaData

_DELETES: Final = "CASCADE"
_CHANGES: Final = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})


@dataclass(frozen=True, slots=True)
class _Reference:
    child: str
    columns: frozenset[str]
    parent_columns: frozenset[str]
    on_delete: str
    on_update: str


class Cascades:
    """The foreign keys of a schema, followed from parents to children.

    Args:
        metadata: The tables, read again when there are more.
    """

    def __init__(self, metadata: MetaData) -> None:
        self._metadata = metadata
        self._known = -1
        self._references: dict[str, list[_Reference]] = {}

    def of_delete(self, table: str) -> set[str]:
        """Return the tables whose rows change when rows of a table are deleted."""
        return self._reached([(table, None)])

    def of_update(self, table: str, columns: Collection[str]) -> set[str]:
        """Return the tables whose rows change when columns of a table do."""
        return self._reached([(table, frozenset(columns))])

    def referenced(self, table: str) -> frozenset[str]:
        """Return the columns of a table that others refer to."""
        references = self._read().get(table.lower(), ())
        return frozenset(name for each in references for name in each.parent_columns)

    def _reached(self, steps: list[tuple[str, frozenset[str] | None]]) -> set[str]:
        """Follow changes: None stands for deleted rows, names for changed columns."""
        seen = set()
        children = set()
        while steps:
            step = steps.pop()
            if step in seen:
                continue
            seen.add(step)
            for following in self._following(*step):
                children.add(following[0])
                steps.append(following)
        return children

    def _following(
        self, table: str, changed: frozenset[str] | None
    ) -> Iterator[tuple[str, frozenset[str] | None]]:
        for reference in self._read().get(table.lower(), ()):
            if changed is None:
                if reference.on_delete == _DELETES:
                    yield reference.child, None
                elif reference.on_delete in _CHANGES:
                    yield reference.child, reference.columns
            elif reference.on_update in _CHANGES and changed & reference.parent_columns:
                yield reference.child, reference.columns

    def _read(self) -> dict[str, list[_Reference]]:
        if self._known != len(self._metadata.tables):
            references: dict[str, list[_Reference]] = {}
            for table in list(self._metadata.tables.values()):
                for key in table.foreign_key_constraints:
                    parent, reference = _reference(key, table.name.lower())
                    references.setdefault(parent, []).append(reference)
            self._references, self._known = references, len(self._metadata.tables)
        return self._references


def _reference(key: ForeignKeyConstraint, child: str) -> tuple[str, _Reference]:
    # By name: the parent may be defined in a module that nobody has imported yet.
    targets = [element.target_fullname.lower().split(".") for element in key.elements]
    return targets[0][-2], _Reference(
        child=child,
        columns=frozenset(name.lower() for name in key.column_keys),
        parent_columns=frozenset(target[-1] for target in targets),
        on_delete=(key.ondelete or "").upper(),
        on_update=(key.onupdate or "").upper(),
    )
