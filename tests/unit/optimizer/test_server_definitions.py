"""Definitions as both servers print them."""

from __future__ import annotations

from dataclasses import replace

from dbsbm.optimizer.server.definitions import add_definitions
from tests.unit.optimizer.cases import case

TABLE = case(
    "CREATE TABLE t (id int PRIMARY KEY, `a``b` enum('x,', 'y)'), c int, KEY k (c), "
    "UNIQUE KEY `u``` (`a``b`), CONSTRAINT f FOREIGN KEY (c) REFERENCES o (id))"
).snapshot.tables["shop", "t"]

MYSQL = """CREATE TABLE `t` (
  `id` int NOT NULL,
  `a``b` enum('x,','y)') DEFAULT 'x,' COMMENT 'KEY `k` (`x`),',
  `c` int GENERATED ALWAYS AS ((`id` + 1)) VIRTUAL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `u``` (`a``b`),
  KEY `k` (`c`) /*!80000 INVISIBLE */,
  CONSTRAINT `f` FOREIGN KEY (`c`) REFERENCES `o` (`id`) ON DELETE CASCADE,
  CONSTRAINT `c1` CHECK ((`c` > 0))
) ENGINE=InnoDB AUTO_INCREMENT=32768 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"""


def test_definitions_are_taken_word_for_word() -> None:
    table = add_definitions(TABLE, MYSQL)
    assert table.columns["id"].definition == "int NOT NULL"
    assert table.columns["a`b"].definition == (
        "enum('x,','y)') DEFAULT 'x,' COMMENT 'KEY `k` (`x`),'"
    )
    assert table.columns["c"].definition == "int GENERATED ALWAYS AS ((`id` + 1)) VIRTUAL"
    assert {index.name: index.definition for index in table.indexes} == {
        "PRIMARY": "PRIMARY KEY (`id`)",
        "u`": "UNIQUE KEY `u``` (`a``b`)",
        "k": "KEY `k` (`c`) /*!80000 INVISIBLE */",
    }
    (foreign,) = table.foreign_keys
    assert foreign.definition == (
        "CONSTRAINT `f` FOREIGN KEY (`c`) REFERENCES `o` (`id`) ON DELETE CASCADE"
    )


def test_indexes_are_in_the_order_in_which_they_are_printed() -> None:
    table = add_definitions(replace(TABLE, indexes=TABLE.indexes[::-1]), MYSQL)
    assert [index.name for index in table.indexes] == ["PRIMARY", "u`", "k"]
