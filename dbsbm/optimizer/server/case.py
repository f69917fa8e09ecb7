"""What a rule about a server is given: the snapshot, what its statements ask for, and questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast

from dbsbm.optimizer.missing import Missing, present
from dbsbm.optimizer.server.model import Load, Snapshot, Table
from dbsbm.optimizer.statements.shape import Shape

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """How a plan reads one table.

    Attributes:
        source: The name by which the statement calls this use of the table.
        type: As EXPLAIN says it: ALL, index, range, ref, eq_ref, const, ...
        key: The index that is used, None for none.
        key_parts: Columns of it that narrow the search.
        rows: Rows that the server expects to read, each time.
        filtered: Percent of them that it expects to keep.
        possible_keys: Indexes that it considered.
    """

    source: str
    type: str
    key: str | None = None
    key_parts: tuple[str, ...] = ()
    rows: float = 0.0
    filtered: float = 100.0
    possible_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """How a server would carry out a statement.

    Attributes:
        accesses: In the order in which tables are joined.
        sorts: It sorts rows, rather than reading them in order.
        temporary: It keeps rows in a temporary table.
        cost: In the server's own unit, None if it does not say.
    """

    accesses: tuple[Access, ...]
    sorts: bool = False
    temporary: bool = False
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a sample of a column's values looks like, and none of them.

    Attributes:
        values: Those that were looked at, without NULL.
        integers: Texts that are whole numbers as numbers are written, without leading zeros.
        decimals: Texts that are numbers with decimals.
        days: Texts such as `2026-11-22`.
        moments: Texts such as `2026-11-22 20:45:00`.
        fractions: Numbers that are not whole.
        cents: Numbers that have at most two decimals.
    """

    values: int = 0
    integers: int = 0
    decimals: int = 0
    days: int = 0
    moments: int = 0
    fractions: int = 0
    cents: int = 0


class Questions(Protocol):
    """What the server can be asked. Every answer is kept, and the time for them limited."""

    def plan(self, load: Load) -> Plan | Missing:
        """How the server would carry out a statement."""

    def as_select(self, load: Load) -> str | None:
        """The statement with values, as a SELECT that does no harm; None if it cannot be made."""

    def distinct(self, table: Table, columns: Sequence[str]) -> int | Missing:
        """About how many different values columns have together."""

    def nulls(self, table: Table, column: str) -> float | Missing:
        """About the share of rows in which a column is NULL."""

    def content(self, table: Table, column: str) -> Content | Missing:
        """What a sample of a column's values looks like."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule is given.

    Attributes:
        snapshot: What was read.
        shapes: What each kind of statement asks for, by digest; one that could not be understood
            is not there.
        ask: Further questions.
        done: What rules worked out, by how; see `once`.
    """

    snapshot: Snapshot
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    ask: Questions | None = None
    done: dict[Callable[[Case], object], object] = field(
        default_factory=dict, repr=False, compare=False
    )

    def once(self, work: Callable[[Case], T]) -> T:
        """What some work on this case comes to, done once for all rules that ask."""
        if work not in self.done:
            self.done[work] = work(self)
        return cast(T, self.done[work])

    @property
    def load(self) -> tuple[Load, ...]:
        """Every kind of statement, the most expensive first.

        Raises:
            NotEnabledError: It could not be read.
        """
        return present(self.snapshot.load)
