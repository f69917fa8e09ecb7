"""A database as the judge: what changes an answer must have changed one of the answer's tags.

Random queries are asked of random rows. Then one row changes, and whatever answer differs from
before must depend on that row by its tags.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine

from dbsbm.querycache.reading.plans import Planner
from dbsbm.querycache.scopes import scope_tags_of
from dbsbm.querycache.tags import any_tag

SEEDS = range(40)
QUERIES = 12
CHANGES = 25
TABLES = ("a", "b", "c")
COLUMNS = ("id", "g", "u")
VALUES = (1, 2, 3)
DIALECT = create_engine("sqlite://").dialect

METADATA = MetaData()
for _name in TABLES:
    Table(
        _name,
        METADATA,
        *(Column(name, Integer, primary_key=name == "id") for name in COLUMNS),
        info={"cache_scopes": (("g",), ("g", "u"))},
    )


class Author:
    """Writes random queries."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.aliases = 0

    def query(self) -> str:
        first, second = self.select([]), self.select([])
        return self.random.choice(
            [
                *[first] * 5,
                f"{first} UNION ALL {second}",
                f"WITH w AS ({first}) SELECT COUNT(*), 0, 0 FROM w, ({second}) AS d",
            ]
        )

    def select(self, around: list[str], depth: int = 0) -> str:
        """A SELECT of three columns that may refer to the tables around it."""
        source, aliases = self.source(), []
        aliases.append(source[1])
        text = source[0]
        for _ in range(self.random.choice([0, 1, 1, 2])):
            joined, alias = self.source()
            kind = self.random.choice(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN",
                                       "FULL JOIN", "CROSS JOIN"])  # fmt: skip
            aliases.append(alias)
            on = "" if kind == "CROSS JOIN" else f" ON {self.condition(aliases, around)}"
            text += f" {kind} {joined}{on}"
        columns = ", ".join(self.column(aliases) for _ in range(3))
        where = self.condition(aliases, around)
        if depth < 2 and self.random.random() < 0.5:
            inner = self.select([*around, *aliases], depth + 1)
            negated = self.random.choice(["", "NOT "])
            where = f"{where} {self.random.choice(['AND', 'AND', 'OR'])} {negated}EXISTS ({inner})"
        return f"SELECT {columns} FROM {text} WHERE {where}"

    def source(self) -> tuple[str, str]:
        self.aliases += 1
        alias = f"t{self.aliases}"
        table = self.random.choice(TABLES)
        if self.random.random() < 0.1:
            return f"(SELECT * FROM {table} WHERE g = {self.value()}) AS {alias}", alias
        return f"{table} AS {alias}", alias

    def condition(self, aliases: list[str], around: list[str]) -> str:
        parts = [self.part(aliases, around) for _ in range(self.random.choice([1, 2, 2, 3]))]
        text = parts[0]
        for part in parts[1:]:
            text = f"{text} {self.random.choice(['AND', 'AND', 'AND', 'OR'])} {part}"
            text = f"({text})" if self.random.random() < 0.3 else text
        return text

    def part(self, aliases: list[str], around: list[str]) -> str:
        left = self.column(aliases)
        return self.random.choice(
            [
                *[f"{left} = {self.value()}"] * 4,
                *[f"{left} = {self.column([*aliases, *around])}"] * 3,
                f"{left} IN ({self.value()}, {self.value()})",
                f"NOT {left} = {self.value()}",
                f"{left} IS NULL",
            ]
        )

    def column(self, aliases: list[str]) -> str:
        return f"{self.random.choice(aliases)}.{self.random.choice(COLUMNS)}"

    def value(self) -> int:
        return self.random.choice(VALUES)


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    for table in TABLES:
        connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, g INTEGER, u INTEGER)")
    yield connection
    connection.close()


def _change(database: sqlite3.Connection, random: Random) -> set[str]:
    """Change a row, and return the tags that such a write bumps."""
    table, number = random.choice(TABLES), random.choice([*VALUES, 4, 5])
    find = f"SELECT id, g, u FROM {table} WHERE id = ?"
    before = database.execute(find, (number,)).fetchall()
    if before and random.random() < 0.4:
        database.execute(f"DELETE FROM {table} WHERE id = ?", (number,))
    else:
        values = (number, random.choice([*VALUES, None]), random.choice([*VALUES, None]))
        database.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", values)
    rows = [*before, *database.execute(find, (number,)).fetchall()]
    tags = scope_tags_of(
        METADATA.tables[table], [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    )
    assert tags is not None
    return tags | {any_tag(table)}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_answer_changes_without_one_of_its_tags(seed: int, database: sqlite3.Connection) -> None:
    random, planner = Random(seed), Planner(METADATA)
    for _ in range(10):
        _change(database, random)
    texts = [Author(random).query() for _ in range(QUERIES)]
    tags = {text: set(planner.plan(text, DIALECT).tags((), DIALECT)) for text in texts}
    for _ in range(CHANGES):
        before = {text: sorted(map(repr, database.execute(text))) for text in texts}
        bumped = _change(database, random)
        for text in texts:
            if sorted(map(repr, database.execute(text))) != before[text]:
                assert tags[text] & bumped, text


def test_the_queries_of_this_test_are_pinned_often_enough_to_tell() -> None:
    planner = Planner(METADATA)
    authors = [Author(Random(seed)) for seed in range(200)]
    tags = [planner.plan(author.query(), DIALECT).tags((), DIALECT) for author in authors]
    assert sum(any("=" in tag for tag in each) for each in tags) > 100
