from __future__ import annotations

import pytest

from dbsbm.errors import UserError
from dbsbm.optimizer.applying.ddl import NewIndex, index_columns, read_fix, split_clauses, unquoted
from dbsbm.optimizer.server.quoting import quoted


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE `shop`.`bets` ADD INDEX `ix` (`a`, `b`(10) DESC)",
        "alter table shop.bets add key ix (`a`, `b`(10) DESC);",
        "CREATE INDEX `ix` ON `shop`.`bets` (`a`, `b`(10) DESC)",
        "CREATE INDEX ix ON bets (`a`, `b`(10) DESC)",
        "ALTER TABLE bets ADD INDEX ix (`a`, `b`(10) DESC), ALGORITHM=INPLACE, LOCK=NONE",
    ],
)
def test_every_spelling_of_a_new_index_is_understood(statement: str) -> None:
    change = read_fix([statement], "shop")
    assert (change.schema, change.table) == ("shop", "bets")
    assert change.adds == (NewIndex("ix", "", "(`a`, `b`(10) DESC)"),)
    assert not change.others


@pytest.mark.parametrize(
    "statement", ["DROP INDEX `ix` ON `shop`.`bets`", "ALTER TABLE shop.bets DROP KEY ix"]
)
def test_every_spelling_of_a_drop_is_understood(statement: str) -> None:
    assert read_fix([statement], "").drops == ("ix",)


def test_hiding_and_then_dropping_is_dropping() -> None:
    fix = [
        "ALTER TABLE `shop`.`bets` ALTER INDEX `ix` IGNORED",
        "ALTER TABLE `shop`.`bets` DROP INDEX `ix`",
    ]
    change = read_fix(fix, "")
    assert change.drops == ("ix",)
    assert change.hides == ()


def test_one_statement_may_make_and_drop_indexes() -> None:
    change = read_fix(["ALTER TABLE t ADD UNIQUE INDEX `a,b` (`x`, `y`), DROP INDEX `old`"], "s")
    assert change.adds[0].definition == "UNIQUE KEY `a,b` (`x`, `y`)"
    assert change.drops == ("old",)


def test_other_clauses_are_kept_as_they_are() -> None:
    change = read_fix(["ALTER TABLE s.t MODIFY `id` bigint unsigned COMMENT 'a, (b', ENGINE=X"], "")
    assert change.others == ("MODIFY `id` bigint unsigned COMMENT 'a, (b'", "ENGINE=X")


@pytest.mark.parametrize(
    "fix",
    [
        [],
        ["SELECT * FROM t WHERE a = 1"],
        ["CREATE INDEX a ON t (b)", "or think about it"],
        ["CREATE INDEX a ON t (b)", "CREATE INDEX a ON u (b)"],
        ["ALTER TABLE s.t ADD INDEX a (b); DROP TABLE s.t"],
        ["ALTER TABLE s.t ADD INDEX a (b) -- for the report"],
        ["ALTER TABLE s.t ADD INDEX a (b) # for the report"],
    ],
)
def test_what_is_no_change_of_one_table_is_refused(fix: list[str]) -> None:
    with pytest.raises(UserError, match="no change of one table"):
        read_fix(fix, "s")


def test_a_semicolon_in_a_text_ends_no_statement() -> None:
    change = read_fix(["ALTER TABLE s.t ADD INDEX a (b) COMMENT 'x; y -- #';"], "")
    assert change.adds[0].rest == "(b) COMMENT 'x; y -- #'"


def test_names_survive_their_quotes() -> None:
    assert unquoted(quoted("a`b")) == "a`b"


def test_commas_in_parentheses_and_texts_part_no_clauses() -> None:
    text = "ADD INDEX `a` (`x`, `y`), COMMENT 'it''s, b', ADD c enum('d,(', 'e')"
    assert list(split_clauses(text)) == [
        "ADD INDEX `a` (`x`, `y`)",
        "COMMENT 'it''s, b'",
        "ADD c enum('d,(', 'e')",
    ]


def test_only_whole_columns_of_a_new_index_count() -> None:
    change = read_fix(["CREATE INDEX i ON s.t (a, `b c` DESC, d(5), e) COMMENT 'x (y)'"], "")
    assert index_columns(change.adds[0]) == ("a", "b c")
