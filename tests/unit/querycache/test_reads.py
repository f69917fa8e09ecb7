"""What a query depends on: each table, and the rows that its conditions leave over."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    Date,
    Dialect,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    Uuid,
    create_engine,
)
from sqlalchemy.dialects.mysql.pymysql import dialect as MySQL  # noqa: N812 - it is a class

from dbsbm.querycache.reading.plans import MOST_TAGS, Planner
from dbsbm.querycache.refusals import Reason, Refusal

SQLITE = create_engine("sqlite://").dialect
MYSQL: Dialect = MySQL(paramstyle="pyformat")


class Shouted(TypeDecorator[str]):
    """Stored otherwise than it is bound."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return len(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return "!" * value


def _scoped(name: str, *scopes: tuple[str, ...]) -> dict[str, Any]:
    return {"info": {"cache_scopes": scopes}}


METADATA = MetaData()
Table(
    "bets",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("guild_id", Integer),
    Column("user_id", Integer),
    Column("odds", Float),
    Column("state", String(10)),
    Column("mood", Shouted),
    info={"cache_scopes": (("guild_id",), ("guild_id", "user_id"), ("state",), ("mood",))},
)
Table(
    "legs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("bet_id", Integer),
    Column("guild_id", Integer),
    Column("guild_odds", Float),
    Column("name", String(10)),
    Column("day", Date),
    info={"cache_scopes": (("bet_id",), ("guild_id",), ("name",), ("day",))},
)
Table(
    "notes",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("twin", Uuid),
    Column("guild_id", Integer),
    info={"cache_scopes": (("guild_id",), ("twin",))},
)
Table("scratch", METADATA, Column("id", Integer), prefixes=["TEMPORARY"])

NOTE = UUID(int=5)


def _tags(sql: str, *parameters: Any) -> set[str]:
    """The tags of a query on SQLite but those that every query on its tables has."""
    return _specific(Planner(METADATA).plan(sql, SQLITE).tags(parameters, SQLITE))


def _specific(tags: tuple[str, ...]) -> set[str]:
    assert len(set(tags)) == len(tags)
    assert tags[0] == "t:*"
    tables = {tag.split(":")[1] for tag in tags[1:]}
    assert {f"t:{table}" for table in tables} <= set(tags)
    return {tag.removeprefix("t:") for tag in tags[1:] if tag.count(":") > 1}


PINNED = {
    "equality": ("SELECT * FROM bets WHERE guild_id = 7", {"bets:guild_id=#7"}),
    "equality the other way round": ("SELECT * FROM bets WHERE 7 = guild_id", {"bets:guild_id=#7"}),
    "equality in capitals": ("SELECT * FROM BETS B WHERE b.Guild_ID = 7", {"bets:guild_id=#7"}),
    "equality in parentheses": (
        "SELECT * FROM bets WHERE ((bets.guild_id = 7) AND (odds > 1 OR odds < 0))",
        {"bets:guild_id=#7"},
    ),
    "two columns": (
        "SELECT * FROM bets WHERE guild_id = 7 AND user_id = 8",
        {"bets:guild_id=#7,user_id=#8"},
    ),
    "the key, though the guild is there too": (
        "SELECT * FROM bets WHERE guild_id = 7 AND id = 9",
        {"bets:id=#9"},
    ),
    "a list": (
        "SELECT * FROM bets WHERE guild_id IN (7, 8)",
        {"bets:guild_id=#7", "bets:guild_id=#8"},
    ),
    "a list and a value": (
        "SELECT * FROM bets WHERE guild_id IN (7, 8) AND user_id = 1",
        {"bets:guild_id=#7,user_id=#1", "bets:guild_id=#8,user_id=#1"},
    ),
    "text, folded": ("SELECT * FROM bets WHERE state = 'Won '", {"bets:state=won"}),
    "an alias": ("SELECT * FROM bets AS b WHERE b.guild_id = 7", {"bets:guild_id=#7"}),
    "two aliases of one table": (
        "SELECT * FROM bets a, bets b WHERE a.guild_id = 7 AND b.guild_id = 8",
        {"bets:guild_id=#7", "bets:guild_id=#8"},
    ),
    "one of two aliases": (
        "SELECT * FROM bets a JOIN bets b ON a.user_id = b.user_id WHERE a.guild_id = 7",
        {"bets:guild_id=#7", "bets:*"},
    ),
    "an inner join's condition": (
        "SELECT * FROM bets JOIN legs ON legs.guild_id = 7 AND bets.guild_id = 8",
        {"bets:guild_id=#8", "legs:guild_id=#7"},
    ),
    "a join carries the value over": (
        "SELECT * FROM bets JOIN legs ON legs.guild_id = bets.guild_id WHERE bets.guild_id = 7",
        {"bets:guild_id=#7", "legs:guild_id=#7"},
    ),
    "three tables carry it on": (
        (
            "SELECT * FROM bets JOIN legs ON legs.guild_id = bets.guild_id "
            "JOIN notes ON legs.guild_id = notes.guild_id WHERE notes.guild_id = 7"
        ),
        {"bets:guild_id=#7", "legs:guild_id=#7", "notes:guild_id=#7"},
    ),
    "an outer join takes the value over": (
        (
            "SELECT * FROM bets LEFT JOIN legs ON legs.guild_id = bets.guild_id "
            "WHERE bets.guild_id = 7"
        ),
        {"bets:guild_id=#7", "legs:guild_id=#7"},
    ),
    "an outer join's condition pins what is joined": (
        "SELECT * FROM bets LEFT JOIN legs ON legs.guild_id = 7",
        {"bets:*", "legs:guild_id=#7"},
    ),
    "WHERE pins what an outer join may leave out": (
        "SELECT * FROM bets LEFT JOIN legs ON legs.bet_id = bets.id WHERE legs.guild_id = 7",
        {"bets:*", "legs:guild_id=#7"},
    ),
    "WHERE pins both sides of a right join": (
        (
            "SELECT * FROM bets RIGHT JOIN legs ON legs.bet_id = bets.id "
            "WHERE legs.guild_id = 7 AND bets.guild_id = 8"
        ),
        {"bets:guild_id=#8", "legs:guild_id=#7"},
    ),
    "a subquery": (
        "SELECT * FROM bets WHERE guild_id = 7 AND odds IN (SELECT 1 FROM legs WHERE bet_id = 3)",
        {"bets:guild_id=#7", "legs:bet_id=#3"},
    ),
    "a subquery takes the value over": (
        (
            "SELECT * FROM bets WHERE guild_id = 7 AND EXISTS "
            "(SELECT 1 FROM legs WHERE legs.guild_id = bets.guild_id)"
        ),
        {"bets:guild_id=#7", "legs:guild_id=#7"},
    ),
    "a subquery two levels down": (
        (
            "SELECT * FROM bets WHERE guild_id = 7 AND EXISTS (SELECT 1 FROM legs WHERE EXISTS "
            "(SELECT 1 FROM notes WHERE notes.guild_id = bets.guild_id))"
        ),
        {"bets:guild_id=#7", "legs:*", "notes:guild_id=#7"},
    ),
    "a subquery as a column": (
        "SELECT (SELECT COUNT(*) FROM legs WHERE legs.bet_id = bets.id) FROM bets WHERE id = 3",
        {"bets:id=#3", "legs:bet_id=#3"},
    ),
    "a derived table": (
        "SELECT * FROM (SELECT * FROM bets WHERE guild_id = 7) AS x WHERE x.user_id = 1",
        {"bets:guild_id=#7"},
    ),
    "a common table expression": (
        "WITH x AS (SELECT * FROM bets WHERE guild_id = 7) SELECT * FROM x JOIN legs USING (id)",
        {"bets:guild_id=#7", "legs:*"},
    ),
    "a union": (
        "SELECT id FROM bets WHERE guild_id = 7 UNION SELECT id FROM legs WHERE guild_id = 8",
        {"bets:guild_id=#7", "legs:guild_id=#8"},
    ),
    "a key of UUID carried over": (
        f"SELECT * FROM notes a JOIN notes b ON a.id = b.twin WHERE a.id = '{NOTE.hex}'",
        {f"notes:id=+{NOTE.hex}", f"notes:twin=+{NOTE.hex}"},
    ),
    "NULL meets nothing": (
        "SELECT * FROM bets WHERE guild_id IN (7, ?)",
        {"bets:guild_id=#7"},
        None,
    ),
    "a condition that nothing meets": ("SELECT * FROM bets WHERE guild_id = ?", set(), None),
}

UNPINNED = {
    "nothing": "SELECT * FROM bets",
    "another column": "SELECT * FROM bets WHERE user_id = 7",
    "OR": "SELECT * FROM bets WHERE guild_id = 7 OR odds > 2",
    "OR within AND": "SELECT * FROM bets WHERE (guild_id = 7 OR guild_id = 8) AND odds > 2",
    "NOT": "SELECT * FROM bets WHERE NOT guild_id = 7",
    "NOT IN": "SELECT * FROM bets WHERE guild_id NOT IN (7)",
    "inequality": "SELECT * FROM bets WHERE guild_id >= 7",
    "an expression": "SELECT * FROM bets WHERE guild_id + 0 = 7",
    "a value with a cast": "SELECT * FROM bets WHERE guild_id = CAST('7' AS INTEGER)",
    "a text for a number": "SELECT * FROM bets WHERE guild_id = '7'",
    "a float for a number": "SELECT * FROM bets WHERE guild_id = 7.0",
    "text beyond ASCII": "SELECT * FROM bets WHERE state = 'gewönnen'",
    "a type of its own": "SELECT * FROM bets WHERE mood = 3",
    "a list with an expression": "SELECT * FROM bets WHERE guild_id IN (7, 4 + 4)",
    "a list from a subquery": "SELECT * FROM bets WHERE guild_id IN (SELECT 7)",
    "a long list": f"SELECT * FROM bets WHERE guild_id IN ({', '.join(map(str, range(21)))})",
    "many combinations": (
        "SELECT * FROM bets WHERE guild_id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, "
        "16, 17, 18, 19, 20, 21) AND user_id IN (1, 2)"
    ),
    "HAVING": "SELECT guild_id FROM bets GROUP BY guild_id HAVING guild_id = 7",
    "a condition on the kept side of an outer join": (
        "SELECT bets.id FROM bets LEFT JOIN legs ON bets.guild_id = 7 WHERE legs.bet_id = 1"
    ),
    "a value carried to the kept side of an outer join": (
        "SELECT bets.id FROM bets LEFT JOIN legs ON legs.guild_id = bets.guild_id "
        "AND legs.guild_id = 7 WHERE legs.bet_id = 1"
    ),
    "the left side of a right join": (
        "SELECT bets.id FROM legs RIGHT JOIN bets ON bets.guild_id = 7 WHERE legs.bet_id = 1"
    ),
    "a full join": (
        "SELECT bets.id FROM legs FULL JOIN bets ON bets.guild_id = 7 WHERE legs.bet_id = 1"
    ),
    "a value carried by way of a float": (
        "SELECT bets.id FROM bets JOIN legs ON bets.guild_id = legs.guild_odds "
        "WHERE legs.guild_odds = 7 AND legs.bet_id = 1"
    ),
    "a derived table's column under the name of an outer table": (
        "SELECT 1 FROM legs AS x WHERE x.bet_id = 1 AND x.guild_id = 7 AND EXISTS "
        "(SELECT 1 FROM (SELECT 2 AS guild_id) AS x JOIN bets ON bets.guild_id = x.guild_id)"
    ),
    "a name that two tables have": (
        "SELECT bets.id FROM bets, legs WHERE guild_id = 7 AND legs.bet_id = 1"
    ),
}


@pytest.mark.parametrize("case", PINNED.values(), ids=PINNED)
def test_conditions_pin_rows(case: tuple[Any, ...]) -> None:
    sql, tags, *parameters = case
    assert _tags(sql, *parameters) == tags


@pytest.mark.parametrize("sql", UNPINNED.values(), ids=UNPINNED)
def test_conditions_that_pin_no_row_of_bets(sql: str) -> None:
    assert {tag for tag in _tags(sql) if tag.startswith("bets")} == {"bets:*"}


def test_text_is_not_carried_over_a_join_for_collations_may_differ() -> None:
    sql = "SELECT 1 FROM bets JOIN legs ON legs.name = bets.state WHERE bets.state = 'won'"
    assert _tags(sql) == {"bets:state=won", "legs:*"}


def test_values_of_parameters_are_those_of_the_execution() -> None:
    plan = Planner(METADATA).plan("SELECT * FROM bets WHERE guild_id = ? LIMIT ?", SQLITE)
    assert _specific(plan.tags((7, 1), SQLITE)) == {"bets:guild_id=#7"}
    assert _specific(plan.tags((8, 1), SQLITE)) == {"bets:guild_id=#8"}


def test_parameters_with_names_are_found_by_them() -> None:
    sql = "SELECT * FROM legs WHERE day = %(day_1)s AND name LIKE '%%x' LIMIT %(param_1)s"
    plan = Planner(METADATA).plan(sql, MYSQL)
    parameters = {"param_1": 5, "day_1": date(2026, 1, 2)}
    assert _specific(plan.tags(parameters, MYSQL)) == {"legs:day=@2026-01-02"}


def test_values_are_read_as_the_driver_spells_them() -> None:
    assert _tags("SELECT * FROM legs WHERE day = ?", "2026-01-02") == {"legs:day=@2026-01-02"}
    assert _tags("SELECT * FROM notes WHERE id = ?", NOTE.hex) == {f"notes:id=+{NOTE.hex}"}
    assert _tags("SELECT * FROM legs WHERE day = ?", "tomorrow") == {"legs:*"}


def test_a_table_that_is_not_known_counts_as_a_whole() -> None:
    tags = Planner(METADATA).plan("SELECT * FROM other WHERE id = 1", SQLITE).tags((), SQLITE)
    assert tags == ("t:*", "t:other", "t:other:*")


def test_a_query_with_too_many_tags_depends_on_whole_tables() -> None:
    part = "SELECT id FROM bets WHERE id IN ({})"
    parts = [part.format(", ".join(str(n + 20 * i) for n in range(20))) for i in range(6)]
    tags = Planner(METADATA).plan(" UNION ".join(parts), SQLITE).tags((), SQLITE)
    assert tags == ("t:*", "t:bets", "t:bets:*")
    assert (
        len(Planner(METADATA).plan(" UNION ".join(parts[:4]), SQLITE).tags((), SQLITE))
        == (82)
        <= MOST_TAGS
    )


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM scratch", Reason.SYSTEM_TABLE),
        ("SELECT * FROM debts", Reason.SYSTEM_TABLE),
        ("SELECT random()", Reason.FUNCTION),
    ],
)
def test_a_refused_text_is_refused_each_time(sql: str, reason: Reason) -> None:
    planner = Planner(METADATA, unwatched={"debts"})
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            planner.plan(sql, SQLITE)
        assert refused.value.reason is reason


def test_a_table_that_is_defined_later_is_known_then() -> None:
    metadata = MetaData()
    planner = Planner(metadata)
    planner.plan("SELECT 1", SQLITE)
    Table("late", metadata, Column("id", Integer, primary_key=True))
    tags = planner.plan("SELECT * FROM late WHERE id = 1", SQLITE).tags((), SQLITE)
    assert tags == ("t:*", "t:late", "t:late:id=#1")
