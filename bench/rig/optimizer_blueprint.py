"""A database that is yet to be made: its tables, its load, what is wrong in it and what is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.rig.optimizer_columns import Column
from bench.rig.optimizer_remedies import Remedy


@dataclass(frozen=True)
class Index:
    """An index; its parts are as SQL has them, such as `city` or `title(10)`."""

    name: str
    parts: tuple[str, ...]
    kind: str = ""

    @property
    def sql(self) -> str:
        """The index as CREATE TABLE has it."""
        return f"{self.kind} INDEX `{self.name}` ({', '.join(self.parts)})".strip()


@dataclass
class Table:
    """A table that is filled from a sequence of `rows` numbers."""

    schema: str
    name: str
    rows: int
    columns: dict[str, Column] = field(default_factory=dict)
    primary: tuple[str, ...] = ()
    automatic: str = ""
    indexes: list[Index] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    engine: str = "InnoDB"
    charset: str = "utf8mb4"
    shared: bool = True

    @property
    def full(self) -> str:
        """The name as findings have it."""
        return f"{self.schema}.{self.name}"

    @property
    def quoted(self) -> str:
        """The name as statements have it."""
        return f"`{self.schema}`.`{self.name}`"

    @property
    def key(self) -> str:
        """The first column of the primary key."""
        return self.primary[0]

    def add(self, column: Column) -> str:
        """Add a column and return its name."""
        assert column.name not in self.columns, column.name
        self.columns[column.name] = column
        return column.name

    def index(self, *parts: str, kind: str = "", name: str = "") -> str:
        """Add an index and return its name."""
        name = name or f"ix{len(self.indexes) + 1}_{parts[0].split('(')[0].split()[0]}"
        self.indexes.append(Index(name, parts, kind))
        return name

    def create(self) -> str:
        """Return the CREATE TABLE statement."""
        lines = [f"`{column.name}` {column.type}" for column in self.columns.values()]
        if self.primary:
            lines.append(f"PRIMARY KEY ({', '.join(self.primary)})")
        lines += [index.sql for index in self.indexes]
        lines += self.constraints
        body = ",\n  ".join(lines)
        options = f"ENGINE={self.engine} DEFAULT CHARSET={self.charset}"
        return f"CREATE TABLE {self.quoted} (\n  {body}\n) {options}"

    def fill(self) -> str:
        """Return the statement that writes all rows."""
        names = ", ".join(f"`{name}`" for name in self.columns)
        values = ", ".join(column.sql for column in self.columns.values())
        return f"INSERT INTO {self.quoted} ({names}) SELECT {values} FROM seq_1_to_{self.rows}"

    def value(self, column: str, row: int) -> Any:
        """Return what a row holds."""
        return self.columns[column].value(row)

    def row(self, random: Random) -> int:
        """Return the number of some row."""
        return random.randint(1, self.rows)

    def values(self, *columns: str) -> Callable[[Random], tuple[Any, ...]]:
        """Return arguments for a statement: what some row holds in these columns."""

        def drawn(random: Random) -> tuple[Any, ...]:
            row = self.row(random)
            return tuple(self.value(column, row) for column in columns)

        return drawn


@dataclass(frozen=True)
class Statement:
    """A kind of statement of the load.

    Attributes:
        schema: The database that is selected when it runs.
        sql: With %s for every argument.
        arguments: Draws the arguments of one run.
        calls: Runs of it.
    """

    schema: str
    sql: str
    arguments: Callable[[Random], Sequence[Any]]
    calls: int

    @property
    def writes(self) -> bool:
        """Whether it changes rows."""
        return not self.sql.lstrip("( ").lower().startswith("select")


@dataclass(frozen=True)
class Fault:
    """Something that is wrong, and how to know that a finding names it.

    Attributes:
        form: What was planted, in one word.
        rules: Rules that name the cause, the expected one first.
        tables: Full names of the tables one of which must be named.
        columns: Columns one of which must be named where a finding names any; empty for any.
        indexes: Indexes one of which must be named; empty where it is not about one.
        remedy: Tells whether a fix can be applied and helps.
        expert: What an expert would run, where that is DDL.
        also: Rules that may speak of the same tables and columns as a consequence.
    """

    form: str
    rules: tuple[str, ...]
    tables: frozenset[str]
    remedy: Remedy
    columns: frozenset[str] = frozenset()
    indexes: frozenset[str] = frozenset()
    expert: tuple[str, ...] = ()
    also: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """The rule that is expected to name it."""
        return self.rules[0]


@dataclass(frozen=True)
class Trap:
    """Something healthy that looks like a fault; empty columns and indexes mean the whole table."""

    form: str
    tables: frozenset[str]
    columns: frozenset[str] = frozenset()
    indexes: frozenset[str] = frozenset()


@dataclass
class Blueprint:
    """Everything that a seed decides."""

    seed: int
    schemas: tuple[str, ...]
    tables: list[Table] = field(default_factory=list)
    load: list[Statement] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    traps: list[Trap] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


@dataclass(frozen=True)
class Incident:
    """Connections that get in each other's way: `deadlock`, `lock wait` or `idle transaction`."""

    kind: str
    table: Table
    column: str
