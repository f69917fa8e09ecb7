"""The drawing board on which faults and traps are planted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from bench.rig import optimizer_columns as columns
from bench.rig.optimizer_blueprint import Blueprint, Fault, Incident, Statement, Table, Trap
from bench.rig.optimizer_columns import Column
from bench.rig.optimizer_remedies import Remedy
from bench.rig.optimizer_words import TRADES, Names

SMALL_ROWS, MOST_ROWS = 6_000, 40_000
SHARING = 0.4
"""Chance that something is planted in a table that is there already."""
_WORDS = re.compile(
    r"\b(SELECT|FROM|WHERE|AND|OR|ORDER BY|LIMIT|JOIN|ON|UPDATE|SET|DELETE|IN|LIKE|DESC|GROUP BY)\b"
)

Arguments = Callable[[Random], Sequence[Any]]


class Draft:
    """A blueprint in the making.

    Attributes:
        scale: How much larger tables are than they are asked for, up to `MOST_ROWS`.
    """

    def __init__(self, seed: int, *, scale: int = 1) -> None:
        self.random = Random(seed)
        self.scale = scale
        count = self.random.choice((1, 1, 2, 3))
        trades = self.random.sample(list(TRADES), count)
        self._names = {f"{trade}_{seed % 1000}": Names(self.random, trade) for trade in trades}
        self._keywords = {name: self.random.choice((str.upper, str.lower)) for name in self._names}
        self.made = Blueprint(seed, tuple(self._names))

    def table(
        self,
        rows: int | None = None,
        *,
        schema: str = "",
        keyed: bool = True,
        shared: bool = True,
        charset: str = "utf8mb4",
        engine: str = "InnoDB",
    ) -> Table:
        """Return a new table with a few columns that nothing is wrong with."""
        schema = schema or self.random.choice(self.made.schemas)
        rows = rows or self.random.choice((8_000, 10_000, 12_000, 16_000))
        if rows >= SMALL_ROWS:
            rows = min(rows * self.scale, MOST_ROWS)
        table = Table(schema, self._names[schema].table(), rows, charset=charset, engine=engine)
        table.shared = shared and keyed
        if keyed:
            self._key(table)
        self.column(table, "title", columns.phrase)
        self.column(table, "count", columns.number, 500)
        self.made.tables.append(table)
        return table

    def _key(self, table: Table) -> None:
        sql_type = self.random.choice(("INT", "INT UNSIGNED", "BIGINT", "BIGINT UNSIGNED"))
        name = self.name(table, "key")
        table.add(columns.ascending(name, f"{sql_type} NOT NULL AUTO_INCREMENT"))
        table.primary, table.automatic = (name,), name

    def site(self, least: int = 6_000, most: int = 20_000) -> Table:
        """Return a table to plant in: often a new one, else one that is there already."""
        there = [each for each in self.made.tables if each.shared and least <= each.rows <= most]
        if there and self.random.random() < SHARING:
            return self.random.choice(there)
        rows = [
            n for n in (6_000, 8_000, 10_000, 12_000, 16_000, 20_000, 30_000, 60_000) if n >= least
        ]
        fitting = [n for n in rows if n <= most] or [least]
        return self.table(self.random.choice(fitting[:4]))

    def column(
        self, table: Table, role: str, make: Callable[..., Column], *args: Any, **more: Any
    ) -> str:
        """Add a column of a role to a table and return its name."""
        return table.add(make(self.name(table, role), *args, **more))

    def name(self, table: Table, role: str) -> str:
        """Return a name for a column of a role that the table has not yet."""
        return self._names[table.schema].column(role, set(table.columns))

    def reference(
        self,
        table: Table,
        other: Table,
        *,
        skew: int = 1,
        different: int = 0,
        constrained: bool = False,
    ) -> str:
        """Add a column that refers to another table's key, and return its name."""
        name = self._names[table.schema].reference(other.name, set(table.columns))
        sql_type = other.columns[other.key].type.split(" AUTO")[0]
        made = columns.number(name, different or other.rows, sql_type=sql_type, skew=skew)
        if constrained:
            table.constraints.append(
                f"CONSTRAINT `fk_{table.name}_{name}` FOREIGN KEY (`{name}`) "
                f"REFERENCES `{other.schema}`.`{other.name}` (`{other.key}`)"
            )
        return table.add(made)

    def plain(self, table: Table) -> tuple[str, str]:
        """Return two columns of a table that no fault is about: its title and its count."""
        names = [name for name in table.columns if name not in table.primary]
        return names[0], names[1]

    def load(
        self, table: Table, sql: str, arguments: Arguments | None = None, calls: int | None = None
    ) -> Statement:
        """Add a statement to the load, written in the manner of its schema."""
        keyword = self._keywords[table.schema]
        statement = Statement(
            table.schema,
            _WORDS.sub(lambda found: keyword(found.group()), sql),
            arguments or (lambda random: ()),
            calls or self.random.randint(12, 30),
        )
        self.made.load.append(statement)
        return statement

    def fault(
        self,
        form: str,
        rules: Sequence[str],
        table: Table,
        *,
        remedy: Remedy,
        **about: Sequence[str],
    ) -> None:
        """Note a fault that has been planted; `about` has more of what `Fault` has."""
        self.made.faults.append(
            Fault(
                form,
                tuple(rules),
                tables=frozenset({table.full, *about.get("tables", ())}),
                remedy=remedy,
                columns=frozenset(about.get("columns", ())),
                indexes=frozenset(about.get("indexes", ())),
                expert=tuple(about.get("expert", ())),
                also=frozenset(about.get("also", ())),
            )
        )

    def trap(
        self, form: str, table: Table, columns: Sequence[str] = (), indexes: Sequence[str] = ()
    ) -> None:
        """Note a trap that has been planted."""
        self.made.traps.append(
            Trap(form, frozenset({table.full}), frozenset(columns), frozenset(indexes))
        )

    def incident(self, kind: str, table: Table, column: str) -> None:
        """Note what happens between connections."""
        self.made.incidents.append(Incident(kind, table, column))

    def live(self) -> None:
        """Give every table the load that any application has."""
        for table in self.made.tables:
            title, count = self.plain(table)
            if table.primary:
                key = table.key
                self.load(
                    table,
                    f"SELECT {key}, {title}, {count} FROM {table.name} WHERE {key} = %s",
                    table.values(key),
                    self.random.randint(5, 15),
                )
                self.load(
                    table,
                    f"UPDATE {table.name} SET {count} = {count} + 1 WHERE {key} = %s",
                    table.values(key),
                    self.random.randint(2, 6),
                )
            if self.random.random() < 0.6:
                self._insert(table)

    def _insert(self, table: Table) -> None:
        names = [name for name in table.columns if name != table.automatic]
        marks = ", ".join(["%s"] * len(names))
        following = iter(range(table.rows + 1, table.rows + 1_000))

        def row(random: Random) -> tuple[Any, ...]:
            number = next(following)
            return tuple(table.value(name, number) for name in names)

        self.load(
            table,
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})",
            row,
            self.random.randint(2, 5),
        )
