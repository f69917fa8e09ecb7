"""The tags of what a statement changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import Column, Dialect, MetaData, Table

from dbsbm.querycache.scopes import (
    UNKNOWN,
    from_driver,
    is_declared,
    scope_columns,
    scope_tags_of,
    scopes,
)
from dbsbm.querycache.sql.changes import Change
from dbsbm.querycache.sql.markers import Parameters
from dbsbm.querycache.sql.textual import Statement, StatementKind
from dbsbm.querycache.sql.trees import Operand
from dbsbm.querycache.tags import MOST_ROWS, TagSet
from dbsbm.querycache.writing.asking import Asking, Row
from dbsbm.querycache.writing.cascades import Cascades
from dbsbm.querycache.writing.write_set import WriteSet


class Writes:
    """Reads statements against a schema.

    Args:
        metadata: The tables that are known. A name that is none of them may be a view.
        also: What triggers change: by table, the tables that a write to it changes too. A table
            that is named here is known even if the schema has it not.
        ignored: Tables that no cached query reads.
    """

    def __init__(
        self,
        metadata: MetaData,
        *,
        also: Mapping[str, Sequence[str]] | None = None,
        ignored: Iterable[str] = (),
    ) -> None:
        self._metadata = metadata
        self._also = {name.lower(): tuple(others) for name, others in (also or {}).items()}
        self._ignored = {name.lower() for name in ignored}
        self._cascades = Cascades(metadata)
        self._tables: dict[str, Table | None] = {}
        self._known = -1

    def write_set(
        self,
        statement: Statement,
        parameters: Sequence[Parameters],
        dialect: Dialect,
        asking: Asking | None,
    ) -> WriteSet:
        """Return what a statement is about to change.

        Args:
            statement: What its text does.
            parameters: As the driver gets them: one or, for an executemany, several.
            dialect: Of its engine.
            asking: Asks the database about rows; None where it may not be asked.
        """
        if statement.kind is StatementKind.OPAQUE or statement.calls:
            return WriteSet(_everything())
        change = statement.change
        table = self.table(change.table) if change is not None else None
        if change is None or table is None:
            return WriteSet(self._whole(statement.tables, removes=statement.removes))
        return self._told(change, table, _Run(parameters, dialect, asking))

    def _told(self, change: Change, table: Table, run: _Run) -> WriteSet:
        write_set = WriteSet(
            self._whole([change.table], removes=change.verb == "delete", columns=change.sets),
            table=table,
            others=self._others(table.name, change.verb == "delete", change.sets),
            returning=change.returning,
        )
        if not write_set.tags:
            return write_set
        if change.verb == "insert":
            _insert(write_set, change, table, run)
        else:
            _alter(write_set, change, table, run)
        return write_set

    def _whole(
        self, names: Sequence[str], *, removes: bool, columns: Iterable[str] | None = None
    ) -> TagSet:
        tags = TagSet()
        for name in names:
            if name.lower() in self._ignored:
                continue
            if not self._knows(name):
                return _everything()
            tags.add_table(name.lower())
            tags.merge(self._others(name, removes, columns))
        return tags

    def _others(self, table: str, removes: bool, columns: Iterable[str] | None) -> TagSet:
        """What triggers and foreign keys change when rows of a table do."""
        every = self._cascades.referenced(table)
        changed = every if columns is None else {name.lower() for name in columns}
        reached = self._cascades.of_update(table, changed)
        if removes:
            reached |= self._cascades.of_delete(table)
        tags = TagSet()
        for name in self._triggered({table.lower(), *reached}) | reached:
            tags.add_table(name)
        return tags

    def _triggered(self, tables: set[str]) -> set[str]:
        found: set[str] = set()
        todo = list(tables)
        while todo:
            new = {other.lower() for other in self._also.get(todo.pop(), ())} - found
            found |= new
            todo += new
        return found

    def table(self, name: str) -> Table | None:
        """Return the table that a name in a statement stands for.

        Returns:
            None if it is not known, or if tables of several schemas have it.
        """
        return self._named().get(name.lower())

    def _knows(self, name: str) -> bool:
        return name.lower() in self._named() or name.lower() in self._also

    def _named(self) -> dict[str, Table | None]:
        if self._known != len(self._metadata.tables):
            tables: dict[str, Table | None] = {}
            for table in self._metadata.tables.values():
                name = table.name.lower()
                tables[name] = None if name in tables else table
            self._tables, self._known = tables, len(self._metadata.tables)
        return self._tables


@dataclass(frozen=True, slots=True)
class _Run:
    parameters: Sequence[Parameters]
    dialect: Dialect
    asking: Asking | None

    def value(self, column: Column[Any], operand: Operand | None, parameters: Parameters) -> Any:
        """The value that a column gets, as it stands in a tag."""
        if operand is None:
            return UNKNOWN
        try:
            raw = operand.of(parameters)
        except LookupError:
            return UNKNOWN
        return from_driver(column, self.dialect, raw)


def _everything() -> TagSet:
    tags = TagSet()
    tags.add_everything()
    return tags


def _insert(write_set: WriteSet, change: Change, table: Table, run: _Run) -> None:
    write_set.inserted = len(change.rows) * len(run.parameters)
    if write_set.inserted > MOST_ROWS:
        return
    rows = [
        {name: _inserted(table.columns[name], cells, run, each) for name in scope_columns(table)}
        for each in run.parameters
        for cells in change.rows
    ]
    generated = table.autoincrement_column
    if generated is not None and any(row.get(generated.name) is None for row in rows):
        write_set.generated = generated
        rows = [{**row, generated.name: None} for row in rows]
        if any(generated.name in scope and len(scope) > 1 for scope in scopes(table)):
            return
    write_set.scope_tags = scope_tags_of(table, rows)
    write_set.settle()


def _inserted(
    column: Column[Any], cells: Mapping[str, Operand | None], run: _Run, parameters: Parameters
) -> Any:
    """The value that a column of a new row gets; None for one that the database generates."""
    is_generated = column.table.autoincrement_column is column
    name = column.name.lower()
    if name not in cells:
        return None if is_generated else UNKNOWN
    value = run.value(column, cells[name], parameters)
    # MySQL generates a key in the place of a zero.
    return None if is_generated and value == 0 else value


def _alter(write_set: WriteSet, change: Change, table: Table, run: _Run) -> None:
    """Find the rows of an update or delete: by its condition's values, or by asking for them."""
    moves = [_moved(change, table, run, each) for each in run.parameters]
    if any(UNKNOWN in move.values() for move in moves):
        return
    old = _pinned(change, table, run)
    if old is None and run.asking is not None and is_declared(table):
        old = run.asking.rows(change, table, run.parameters)
        write_set.asked = None if old is None else len(old)
    if old is None:
        return
    distinct = {tuple(move.items()) for move in moves}
    new = [{**row, **dict(move)} for row in old for move in distinct if move]
    if len(old) + len(new) <= 2 * MOST_ROWS:
        write_set.scope_tags = scope_tags_of(table, [*old, *new])
    if write_set.asked is None:
        write_set.settle()


def _moved(change: Change, table: Table, run: _Run, parameters: Parameters) -> dict[str, Any]:
    """The scope columns that an update sets, and to what."""
    return {
        name: run.value(table.columns[name], change.sets[name.lower()], parameters)
        for name in sorted(scope_columns(table))
        if name.lower() in change.sets
    }


def _pinned(change: Change, table: Table, run: _Run) -> list[Row] | None:
    """The rows that the condition names by the values of every scope column, if it does."""
    columns = sorted(scope_columns(table))
    if not all(name.lower() in change.pins for name in columns):
        return None
    rows: list[Row] = []
    for each in run.parameters:
        choices = [
            [run.value(table.columns[name], operand, each) for operand in change.pins[name.lower()]]
            for name in columns
        ]
        if any(UNKNOWN in values for values in choices):
            return None
        rows += [dict(zip(columns, values, strict=True)) for values in product(*choices)]
        if len(rows) > MOST_ROWS:
            return None
    return rows
