from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.optimizer.applying.ddl import Alteration, read_fix
from dbsbm.optimizer.applying.layout import (
    Key,
    clauses_between,
    columns_of,
    keys_of,
    same,
    without,
)

LAYOUT = """CREATE TABLE `bets` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `KEY` int(11) DEFAULT NULL COMMENT ' KEY `x` (`y`)',
  PRIMARY KEY (`id`),
  UNIQUE KEY `u` (`a`),
  KEY `k``1` (`a`,`b`(10)) USING BTREE COMMENT 'it''s, here',
  KEY `k2` (`b` DESC) IGNORED,
  KEY `k3` (`b`) /*!80000 INVISIBLE */,
  FULLTEXT KEY `f` (`t`),
  CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `p` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4"""


def test_the_indexes_of_a_table_are_read_in_their_order() -> None:
    keys = keys_of(LAYOUT)
    assert [(key.name, key.kind, key.hidden) for key in keys] == [
        ("u", "UNIQUE", False),
        ("k`1", "", False),
        ("k2", "", True),
        ("k3", "", True),
        ("f", "FULLTEXT", False),
    ]
    assert keys[1].definition == "KEY `k``1` (`a`,`b`(10)) USING BTREE COMMENT 'it''s, here'"
    assert keys[2].definition == "KEY `k2` (`b` DESC)"
    assert [key.columns for key in keys] == ["`a`", "`a`,`b`(10)", "`b`desc", "`b`", "`t`"]


@pytest.mark.parametrize(
    "line",
    [
        "  KEY `odd\n  KEY ``x`` (``y``)` (`a`),",
        "  KEY `odd\n  KEY ``x`` (``y``)` (`a`) COMMENT 'it''s\u2028  KEY `x` (`y`),',",
        "  `a\n  KEY ``x`` (``y``),` int(11),\n  KEY `odd\n  KEY ``x`` (``y``)` (`a`),",
    ],
)
def test_what_stands_in_a_name_or_a_comment_is_no_index(line: str) -> None:
    keys = keys_of(f"CREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n{line}\n  KEY `last` (`b`)\n)")
    assert [key.name for key in keys] == ["odd\n  KEY `x` (`y`)", "last"]
    assert keys[0].definition == line[line.index("KEY `odd") : -1]


def test_the_next_number_makes_no_other_layout() -> None:
    assert same(LAYOUT, LAYOUT.replace("=7", "=900"))
    assert not same(LAYOUT, LAYOUT.replace("`k2`", "`k4`"))


def test_columns_are_compared_without_spaces_case_and_asc() -> None:
    assert columns_of("(`A` ASC, `b` (3) DESC) USING BTREE") == "`a`,`b`(3)desc"
    assert columns_of("(a, b(3) desc)") == "`a`,`b`(3)desc"
    assert columns_of("(`a b`,`c asc`)") == "`a b`,`c asc`"


@pytest.mark.parametrize("flavor", ["mariadb", "mysql"])
def test_showing_a_hidden_index_is_the_whole_way_back(flavor: str) -> None:
    before = keys("a b c")
    now = tuple(Key(k.name, k.definition, "", k.columns, k.name == "b") for k in before)
    change = read_fix(["ALTER TABLE s.t DROP INDEX b"], "")
    words = {"mariadb": "NOT IGNORED", "mysql": "VISIBLE"}[flavor]
    wanted = without(now, before, change)
    assert clauses_between(now, wanted, flavor) == [f"ALTER INDEX `b` {words}"]  # type: ignore[arg-type]


def test_a_dropped_index_comes_back_with_those_that_followed_it() -> None:
    before, now = keys("a b c d"), keys("a c d")
    wanted = without(now, before, Alteration("s", "t", drops=("b",)))
    assert clauses_between(now, wanted, "mariadb") == [
        "DROP INDEX `c`",
        "DROP INDEX `d`",
        "ADD KEY `b` (`b`)",
        "ADD KEY `c` (`c`)",
        "ADD KEY `d` (`d`)",
    ]


@given(st.data())
def test_the_way_back_leads_to_the_old_order_and_others_keep_theirs(
    data: st.DataObject,
) -> None:
    before = data.draw(st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1))
    dropped = data.draw(st.lists(st.sampled_from(before), unique=True))
    others = data.draw(st.lists(st.sampled_from("xyz"), unique=True))
    now = [name for name in before if name not in dropped] + others + ["new"]
    change = read_fix(
        ["ALTER TABLE s.t ADD INDEX new (n)", *(f"DROP INDEX {n} ON s.t" for n in dropped)], ""
    )
    wanted = without(keys(now), keys(before), change)
    assert carried_out(now, clauses_between(keys(now), wanted, "mariadb")) == before + others


def keys(names: str | list[str]) -> tuple[Key, ...]:
    return tuple(
        Key(name, f"KEY `{name}` (`{name}`)", "", f"`{name}`", hidden=False)
        for name in (names.split() if isinstance(names, str) else names)
    )


def carried_out(names: list[str], clauses: list[str]) -> list[str]:
    """What a server makes of clauses: what is added comes last."""
    left = [name for name in names if f"DROP INDEX `{name}`" not in clauses]
    return left + [clause.split("`")[1] for clause in clauses if clause.startswith("ADD")]
