"""The changes of indexes that are advised, as SQL, and the SQL that undoes each to the letter.

A server prints indexes in the order in which they were made. So one that is made again has to be
followed by those that stood behind it, made again in the same ALTER TABLE: servers find out that
these have not changed, and only move their names. Findings are undone in the reverse of the order
in which they are reported: what earlier ones dropped is not back then, what later ones dropped is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbsbm.optimizer.finding import Severity, gravity
from dbsbm.optimizer.rules import ddl
from dbsbm.optimizer.rules.describe import columns_name, index_name
from dbsbm.optimizer.rules.indexes import severity
from dbsbm.optimizer.rules.indexes.demand import Wanted
from dbsbm.optimizer.rules.indexes.judgement import judge
from dbsbm.optimizer.rules.indexes.redundancy import Redundancy
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Table


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a table's indexes.

    Attributes:
        object: What the finding is about.
        about: What was judged.
        added: The index that is added, None for none.
        dropped: The indexes that are dropped.
        order: The table's indexes as they are before it is made, if what is reported earlier was.
    """

    rule: str
    object: str
    severity: Severity
    about: Wanted | Redundancy | Index
    table: Table
    added: Index | None = None
    dropped: tuple[Index, ...] = ()
    order: tuple[Index, ...] = ()

    @property
    def fix(self) -> str:
        """The statement that makes it."""
        added = () if self.added is None else (ddl.add(self.added),)
        return ddl.alter(self.table, *added, *map(ddl.drop, self.dropped))

    @property
    def revert(self) -> str:
        """The statement that undoes it."""
        again = [each for each in self.order if self._is_made_again(each)]
        gone = [each for each in again if each not in self.dropped]
        gone += [] if self.added is None else [self.added]
        return ddl.alter(self.table, *map(ddl.drop, gone), *map(ddl.add, again))

    def _is_made_again(self, index: Index) -> bool:
        place = self.order.index(index)
        return any(
            _kind(each) == _kind(index) and self.order.index(each) <= place for each in self.dropped
        )


def changes(case: Case) -> tuple[Change, ...]:
    """Every change that is advised, in the order in which findings are reported."""
    gone: set[tuple[str, str, str]] = set()
    ordered = []
    for each in sorted(_changes(case), key=_gravity):
        there = tuple(index for index in each.table.indexes if _key(each.table, index) not in gone)
        gone |= {_key(each.table, index) for index in each.dropped}
        ordered.append(replace(each, order=there))
    return tuple(ordered)


def _changes(case: Case) -> Iterator[Change]:
    judgement = case.once(judge)
    for wanted, replaced in judgement.wanted:
        yield _addition(wanted, replaced, case)
    for each in judgement.redundant:
        name, grave = index_name(each.table, each.index), severity.of_redundant(each.table)
        yield Change("index.redundant", name, grave, each, each.table, dropped=(each.index,))
    for table, index in judgement.unused:
        name, grave = index_name(table, index), severity.of_unused(table, index, case)
        yield Change("index.unused", name, grave, index, table, dropped=(index,))


def _addition(wanted: Wanted, replaced: tuple[Index, ...], case: Case) -> Change:
    table, columns = wanted.table, wanted.columns
    return Change(
        "index.missing",
        columns_name(table, columns),
        severity.of_missing(wanted, case),
        wanted,
        table,
        Index(ddl.new_name(table, columns), ddl.parts_of(table, columns)),
        replaced,
    )


def _gravity(change: Change) -> tuple[int, str, str]:
    return gravity(change.severity, change.rule, change.object)


def _key(table: Table, index: Index) -> tuple[str, str, str]:
    return table.schema, table.name, index.name


def _kind(index: Index) -> tuple[bool, bool]:
    """What servers print together: unique indexes first, those of whole texts and places last."""
    return index.unique, index.kind in {"FULLTEXT", "SPATIAL"}
