"""Indexes that another index of the table can stand in for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules.indexes.searching import CLUSTERED
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Table

Reason = Literal["the same", "a beginning", "the primary key at its end"]


@dataclass(frozen=True, slots=True)
class Redundancy:
    """An index and the one that stands in for it."""

    table: Table
    index: Index
    kept: Index
    reason: Reason


def redundancies(case: Case) -> Iterator[Redundancy]:
    """Each index that has a stand-in, those that are the same as another one first."""
    found = [each for table in case.snapshot.tables.values() for each in _of(table, case)]
    order: tuple[Reason, ...] = ("the same", "the primary key at its end", "a beginning")
    yield from sorted(found, key=lambda each: order.index(each.reason))


def _of(table: Table, case: Case) -> Iterator[Redundancy]:
    for index in table.indexes:
        for other in table.indexes:
            if index.name != other.name and _are_comparable(index, other):
                reason = _reason(table, index, other, case)
                if reason is not None:
                    yield Redundancy(table, index, other, reason)


def _are_comparable(index: Index, other: Index) -> bool:
    plain = all(part.column is not None for part in index.parts)
    return plain and not index.primary and index.kind == other.kind and other.enabled


def _reason(table: Table, index: Index, other: Index, case: Case) -> Reason | None:
    if index.parts == other.parts:
        return "the same" if _goes_first(table, index, other, case) else None
    if index.unique or index.kind != "BTREE":
        return None
    if index.parts == other.parts[: len(index.parts)]:
        return None if _only_adds_key(table, other, index) else "a beginning"
    return "the primary key at its end" if _only_adds_key(table, index, other) else None


def _goes_first(table: Table, index: Index, other: Index, case: Case) -> bool:
    """Of two that are the same: the one that keeps nothing unique, or is read less."""
    return _worth(table, index, case) < _worth(table, other, case)


def _worth(table: Table, index: Index, case: Case) -> tuple[bool, bool, int, str]:
    use = case.snapshot.index_use
    counted = None if isinstance(use, Missing) else use.get((table.schema, table.name, index.name))
    reads = counted.reads if counted is not None else 0
    # Names last, so that every run says the same: of two, the one that sorts first stays.
    return index.primary, index.unique, reads, _reversed(index.name)


def _reversed(name: str) -> str:
    return "".join(chr(0x10FFFF - ord(letter)) for letter in name)


def _only_adds_key(table: Table, long: Index, short: Index) -> bool:
    """Tell whether one index is the other one and the primary key, which comes last anyway."""
    key = table.primary_key
    count = len(short.parts)
    return (
        key is not None
        and not long.unique
        and not long.primary
        and table.engine.lower() in CLUSTERED
        and long.parts[:count] == short.parts
        and long.parts[count:] == key.parts
    )
