"""A server, its schema and its load, as plain data that rules judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from dbsbm.optimizer.missing import Missing

T = TypeVar("T")

Flavor = Literal["mariadb", "mysql"]

_NOT_READ = Missing("It was not read.")


@dataclass(frozen=True, slots=True)
class Server:
    """The server itself.

    Attributes:
        version: Such as (10, 11, 6).
        uptime: How long its statistics reach back at most.
        variables: Global variables that could be read, by lower-case name.
        status: Global status counters that could be read, by lower-case name.
    """

    flavor: Flavor
    version: tuple[int, ...]
    uptime: timedelta
    variables: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        type: As the schema spells it, such as `bigint(20) unsigned` or `varchar(40)`.
        base: The type alone, such as `bigint` or `varchar`.
        length: Characters or bytes that a text or binary column may hold, None for others.
        charset: Of a text column, None for others.
        collation: Of a text column, None for others.
        is_generated: Its value is computed from others.
        definition: All that SHOW CREATE TABLE says after its name, empty if it was not read.
    """

    name: str
    type: str
    base: str
    nullable: bool = True
    length: int | None = None
    charset: str | None = None
    collation: str | None = None
    auto_increment: bool = False
    is_generated: bool = False
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an index.

    Attributes:
        column: Its name, None where the part is an expression.
        prefix: Characters or bytes of the column that are held, None for the whole.
    """

    column: str | None
    prefix: int | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a table.

    Attributes:
        name: `PRIMARY` for the primary key.
        parts: In the order of the index.
        kind: BTREE, HASH, FULLTEXT or SPATIAL.
        enabled: The planner may use it: not IGNORED (MariaDB) or INVISIBLE (MySQL).
        cardinality: Estimated different values of all its parts together, None if unknown.
        bytes: Its size, None if unknown.
        definition: As SHOW CREATE TABLE spells it, such as "UNIQUE KEY `a` (`b`)"; empty if it was
            not read.
    """

    name: str
    parts: tuple[Part, ...]
    unique: bool = False
    kind: str = "BTREE"
    enabled: bool = True
    cardinality: int | None = None
    bytes: int | None = None
    definition: str = ""

    @property
    def primary(self) -> bool:
        """Tell whether it is the primary key."""
        return self.name == "PRIMARY"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns up to the first part that is no whole column."""
        columns: list[str] = []
        for part in self.parts:
            if part.column is None or part.prefix is not None:
                break
            columns.append(part.column)
        return tuple(columns)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values must exist in another table.

    Attributes:
        definition: As SHOW CREATE TABLE spells it, from CONSTRAINT on; empty if it was not read.
    """

    name: str
    columns: tuple[str, ...]
    other_schema: str
    other_table: str
    other_columns: tuple[str, ...]
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and what is on it.

    Attributes:
        indexes: In the order of SHOW CREATE TABLE, where that could be read.
        rows: As the server estimates.
        bytes: Of the rows.
        index_bytes: Of all secondary indexes.
        next_number: The next automatic number, None where there is none.
    """

    schema: str
    name: str
    engine: str
    columns: Mapping[str, Column]
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    collation: str | None = None
    rows: int = 0
    bytes: int = 0
    index_bytes: int = 0
    next_number: int | None = None

    @property
    def primary_key(self) -> Index | None:
        """Its primary key."""
        return next((index for index in self.indexes if index.primary), None)


@dataclass(frozen=True, slots=True)
class Load:
    """What the server did for all runs of one kind of statement.

    Attributes:
        digest: Its identity, the same in every analysis of this server.
        schema: The default database in which it ran, empty if unknown.
        text: Without literals, each a `?`; a list of any length is `(?)`.
        sample: One run with its literals, where one is known. It is only ever given back to the
            server it comes from: it may hold what nobody else may see.
        seconds: Time of all runs.
        unindexed: Runs in which some table was read without an index.
        disk_tables: Temporary tables on disk.
        source: Where this was read: `performance_schema`, `slow log` or `monitor`.
    """

    digest: str
    schema: str
    text: str
    calls: int
    seconds: float
    rows_examined: int = 0
    rows_sent: int = 0
    rows_affected: int = 0
    unindexed: int = 0
    sorted_rows: int = 0
    temporary_tables: int = 0
    disk_tables: int = 0
    errors: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    source: str = "performance_schema"
    sample: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class IndexUse:
    """How often an index was read and kept up, since the server started or forgot."""

    reads: int
    writes: int


@dataclass(frozen=True, slots=True)
class Deadlock:
    """The last deadlock that InnoDB remembers.

    Attributes:
        statements: Of both transactions, without literals; fewer where it does not say.
    """

    at: datetime | None
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LockWait:
    """A transaction that waits for a lock of another one, now.

    Attributes:
        waiting: The statement that waits, without literals.
        blocking: What the other transaction is running, empty if it runs nothing.
        seconds: How long it has waited.
    """

    waiting: str
    blocking: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that is open, now.

    Attributes:
        connection: Its connection's number.
        seconds: How long it has been open.
        idle_seconds: How long its connection has done nothing, 0 while it runs a statement.
        locked_rows: Rows that it has locked.
        changed_rows: Rows that it has changed.
    """

    connection: int
    user: str
    seconds: float
    idle_seconds: float
    locked_rows: int = 0
    changed_rows: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that was read of a server at one time.

    Attributes:
        tables: By schema and name; without the server's own schemas.
        load: Every kind of statement that ran in these schemas, the most expensive first.
        index_use: By schema, table and index.
        deadlock: The last one, None if there was none since the server started.
        lock_waits: Of this moment.
        transactions: Open at this moment.
        gaps: What of the load could not be seen, each with what would show it.
    """

    server: Server
    tables: Mapping[tuple[str, str], Table]
    load: tuple[Load, ...] | Missing
    index_use: Mapping[tuple[str, str, str], IndexUse] | Missing
    deadlock: Deadlock | Missing | None = _NOT_READ
    lock_waits: tuple[LockWait, ...] | Missing = _NOT_READ
    transactions: tuple[Transaction, ...] | Missing = _NOT_READ
    gaps: tuple[str, ...] = ()
