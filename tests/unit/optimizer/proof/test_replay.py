from __future__ import annotations

from dataclasses import replace

import pytest

from dbsbm.optimizer.applying.ddl import read_fix
from dbsbm.optimizer.applying.layout import Key
from dbsbm.optimizer.proof.replay import moved, statements_on
from dbsbm.optimizer.proof.shadow import NotCopiedError, Shadow, check_size, shadow_of
from dbsbm.optimizer.proof.writes import entries_written
from dbsbm.optimizer.statements.harmless import is_harmless
from tests.unit.optimizer.cases import case

SHADOW = Shadow({"shop": "shop__shadow_"}, frozenset({("shop", "bets"), ("shop", "People")}))
TABLES = """CREATE TABLE bets (id int PRIMARY KEY, a int, b int, KEY by_a (a));
    CREATE TABLE games (id int PRIMARY KEY, b int)"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM bets", "SELECT * FROM bets"),
        ("SELECT * FROM shop.bets", "SELECT * FROM `shop__shadow_`.bets"),
        (
            "SELECT `Shop` . `bets`.`a` FROM `SHOP` . `bets` WHERE b='shop.bets'",
            "SELECT `shop__shadow_` . `bets`.`a` FROM `shop__shadow_` . `bets` WHERE b='shop.bets'",
        ),
        ("SELECT shop.a FROM bets shop", "SELECT shop.a FROM bets shop"),
        ("SELECT a.shop.bets FROM t", "SELECT a.shop.bets FROM t"),
        ("SELECT 1 FROM shop.people", "SELECT 1 FROM `shop__shadow_`.people"),
        ("SELECT 'open", None),
    ],
)
def test_only_names_of_schemas_are_moved(text: str, expected: str | None) -> None:
    assert moved(text, SHADOW) == expected


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("SELECT 'sleep(1) into' FROM bets", True),
        ("SELECT \"it's\", SLEEP(9), 'x' FROM bets", False),
        ("SELECT `it's`, a INTO @x, 'x' FROM bets", False),
        ("SELECT RELEASE_ALL_LOCKS() FROM bets", False),
        ("SELECT a FROM bets WHERE MASTER_GTID_WAIT('0-1-2') = 0", False),
    ],
)
def test_no_quotation_mark_hides_what_would_wait_or_lock(text: str, harmless: bool) -> None:
    assert is_harmless(text) == harmless


def test_statements_are_found_by_the_tables_that_they_use() -> None:
    made = case(
        TABLES,
        [
            ("SELECT * FROM games", {"seconds": 9.0}),
            ("SELECT * FROM bets WHERE a = ?", {"seconds": 1.0}),
            ("SELECT * FROM games WHERE b IN (SELECT b FROM bets)", {"seconds": 2.0}),
        ],
    )
    found = [load.seconds for load, _ in statements_on(made, ("shop", "bets"))]
    assert found == [2.0, 1.0]


def test_entries_of_indexes_are_counted_for_each_way_to_write() -> None:
    made = case(
        TABLES,
        [
            ("INSERT INTO bets VALUES (...)", {"rows_affected": 100, "calls": 10}),
            ("DELETE FROM bets WHERE id = ?", {"rows_affected": 20}),
            ("UPDATE bets SET b = ? WHERE id = ?", {"rows_affected": 7}),
            ("UPDATE bets SET a = ? WHERE id = ?", {"rows_affected": 5}),
            ("INSERT INTO games VALUES (...)", {"rows_affected": 1000}),
        ],
    )
    statements = statements_on(made, ("shop", "bets"))
    keys = [Key("by_a", "KEY `by_a` (`a`)", "", "`a`", hidden=False)]
    add = read_fix(["CREATE INDEX x ON shop.bets (`b`)"], "")
    drop = read_fix(["DROP INDEX by_a ON shop.bets"], "")
    assert entries_written(statements, ("shop", "bets"), add, keys) == 120 + 2 * 7
    assert entries_written(statements, ("shop", "bets"), drop, keys) == -120 - 2 * 5


def test_no_copy_is_made_of_which_replicas_are_told() -> None:
    class Told:
        def tells_replicas(self) -> bool:
            return True

    tables = [replace(table, engine="InnoDB") for table in case(TABLES).snapshot.tables.values()]
    with (
        pytest.raises(NotCopiedError, match="BINLOG ADMIN"),
        shadow_of(Told(), tables, until=0.0),  # type: ignore[arg-type]
    ):
        pass


def test_big_tables_are_not_copied() -> None:
    small, big = (case(TABLES, rows=rows).snapshot.tables.values() for rows in (1000, 10**6))
    check_size(small)
    with pytest.raises(NotCopiedError, match="a person has to judge"):
        check_size([*big, *big])
