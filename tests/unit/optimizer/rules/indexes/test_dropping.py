"""Indexes that are redundant or unused, and what must stay."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from dbsbm.optimizer.finding import Finding, gravity
from dbsbm.optimizer.missing import Missing, NotEnabledError
from dbsbm.optimizer.rules.indexes import missing, redundant, unused
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import IndexUse
from tests.unit.optimizer.cases import case

NEVER = IndexUse(0, 50_000)
READ = ("SELECT d FROM t WHERE id = ?", {"calls": 1_000})


def of(indexes: str, *texts: str, more: str = "", **given: Any) -> Case:
    """A table with these indexes, on which these statements run."""
    table = (
        "CREATE TABLE t (id BIGINT PRIMARY KEY, a INT, b INT, c VARCHAR(80), d TEXT, "
        f"flag TINYINT, {indexes})"
    )
    load = [READ, *((text, {"calls": 100, "rows_examined": 1_000}) for text in texts)]
    distinct = {"t.a": 1_000, "t.b": 500, "t.a,b": 60_000, "t.c": 90_000, "t.flag": 2}
    return case(f"{table}; {more}", load, distinct=distinct, **given)


def objects(findings: list[Finding]) -> list[str]:
    return [finding.object for finding in findings]


@pytest.mark.parametrize(
    ("indexes", "expected"),
    [
        pytest.param("KEY k1 (a), KEY k2 (a)", ["shop.t.k2"], id="the same twice"),
        pytest.param("KEY k1 (a), KEY k2 (a, b)", ["shop.t.k1"], id="a beginning"),
        pytest.param("KEY k1 (a), UNIQUE KEY k2 (a)", ["shop.t.k1"], id="beside a unique one"),
        pytest.param("KEY k1 (id)", ["shop.t.k1"], id="the primary key again"),
        pytest.param("UNIQUE KEY k1 (id)", ["shop.t.k1"], id="the primary key again, unique"),
        pytest.param("KEY k1 (a, id), KEY k2 (a)", ["shop.t.k1"], id="the primary key at its end"),
        pytest.param(
            "KEY k1 (c(10)), KEY k2 (c(10))", ["shop.t.k2"], id="the same beginnings of a column"
        ),
        pytest.param(
            "KEY k1 (a), KEY k2 (a, b), KEY k3 (a, b)", ["shop.t.k1", "shop.t.k3"], id="three"
        ),
        pytest.param(
            "FULLTEXT KEY k1 (c), FULLTEXT KEY k2 (c)", ["shop.t.k2"], id="the same, for words"
        ),
    ],
)
def test_an_index_that_another_one_stands_in_for_is_named(
    indexes: str, expected: list[str]
) -> None:
    assert sorted(objects(redundant.examine(of(indexes)))) == expected


@pytest.mark.parametrize(
    "indexes",
    [
        pytest.param("UNIQUE KEY k1 (a), KEY k2 (a, b)", id="the shorter keeps values unique"),
        pytest.param("KEY k1 (c(10)), KEY k2 (c(20))", id="other beginnings of a column"),
        pytest.param("KEY k1 (c(10)), KEY k2 (c)", id="a beginning of a column and all of it"),
        pytest.param("KEY k1 (a DESC), KEY k2 (a, b)", id="another direction"),
        pytest.param("KEY k1 (a), KEY k2 (b, a)", id="another order"),
        pytest.param("KEY k1 (c), FULLTEXT KEY k2 (c)", id="another kind"),
        pytest.param("KEY k1 (a, id)", id="the primary key at the end of the only one"),
        pytest.param("KEY k1 ((lower(c))), KEY k2 ((upper(c)))", id="expressions"),
        pytest.param("KEY k1 (a, b), KEY k2 (b, a)", id="both orders"),
    ],
)
def test_what_only_looks_redundant_stays(indexes: str) -> None:
    assert redundant.examine(of(indexes)) == []


def test_a_hint_keeps_an_index() -> None:
    hint = "SELECT d FROM t USE INDEX (`k1`) WHERE a = ?"
    assert redundant.examine(of("KEY k1 (a), KEY k2 (a, b)", hint)) == []


def test_an_order_by_the_primary_key_keeps_the_shorter_index() -> None:
    text = "SELECT d FROM t WHERE a = ? ORDER BY id LIMIT ?"
    assert redundant.examine(of("KEY k1 (a), KEY k2 (a, b)", text)) == []


def test_of_two_indexes_the_one_that_is_read_stays() -> None:
    use = {"t.k1": IndexUse(0, 9), "t.k2": IndexUse(900, 9)}
    assert objects(redundant.examine(of("KEY k1 (a), KEY k2 (a)", index_use=use))) == ["shop.t.k1"]


def test_an_index_is_made_again_as_it_was() -> None:
    (finding,) = redundant.examine(of("KEY k1 (c(10)), KEY k2 (c(10))"))
    assert finding.fix == ("ALTER TABLE `shop`.`t` DROP INDEX `k2`",)
    assert finding.revert == ("ALTER TABLE `shop`.`t` ADD INDEX `k2` (`c`(10))",)


def test_all_advice_taken_together_leaves_a_statement_its_index() -> None:
    """Where each is judged alone, k1 and k2 are redundant and k3 was never read."""
    use = {"t.k1": IndexUse(5, 9), "t.k2": NEVER, "t.k3": NEVER}
    text = "SELECT d FROM t WHERE a = ? AND b = ?"
    judged = of("KEY k1 (a), KEY k2 (a, b), KEY k3 (a, b)", text, index_use=use)
    dropped = {*objects(redundant.examine(judged)), *objects(unused.examine(judged))}
    assert dropped < {"shop.t.k1", "shop.t.k2", "shop.t.k3"}
    assert len(dropped & {"shop.t.k2", "shop.t.k3"}) == 1


def test_an_index_that_nothing_reads_is_named() -> None:
    (finding,) = unused.examine(of("KEY k (b)", index_use={"t.k": NEVER}))
    assert (finding.object, finding.severity) == ("shop.t.k", "warning")
    assert finding.evidence["try_first"] == "ALTER TABLE `shop`.`t` ALTER INDEX `k` IGNORED"


def test_mysql_hides_an_index_in_its_own_words() -> None:
    mysql = {"flavor": "mysql", "version": (8, 0, 36)}
    (finding,) = unused.examine(of("KEY k (b)", index_use={"t.k": NEVER}, server=mysql))
    assert finding.evidence["try_first"].endswith("ALTER INDEX `k` INVISIBLE")


@pytest.mark.parametrize(
    ("indexes", "more"),
    [
        pytest.param("UNIQUE KEY k (b)", "", id="unique"),
        pytest.param(
            "KEY k (b), FOREIGN KEY (b) REFERENCES p (id)",
            "CREATE TABLE p (id INT PRIMARY KEY)",
            id="a foreign key",
        ),
        pytest.param(
            "KEY k (b)",
            "CREATE TABLE p (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES t (b))",
            id="what a foreign key refers to",
        ),
        pytest.param("FULLTEXT KEY k (c)", "", id="reads that are not counted"),
    ],
)
def test_an_index_that_is_not_read_but_needed_stays(indexes: str, more: str) -> None:
    assert unused.examine(of(indexes, more=more, index_use={"t.k": NEVER})) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT d FROM t WHERE b = ?",
        "SELECT d FROM t WHERE b + ? = ?",
        "SELECT d FROM t WHERE a = ? OR b = ?",
        "SELECT d FROM t ORDER BY b LIMIT ?",
        "SELECT x.d FROM t x JOIN t y ON y.b = x.a WHERE x.id = ?",
        "DELETE FROM t WHERE b = ?",
        "SELECT d FROM t FORCE INDEX (k) WHERE id > ?",
    ],
)
def test_the_only_index_that_a_statement_could_use_stays(text: str) -> None:
    assert unused.examine(of("KEY k (b)", text, index_use={"t.k": NEVER})) == []


def test_an_index_stays_where_a_statement_that_may_need_it_cannot_be_understood() -> None:
    text = "SELECT d FROM t WHERE b = ? AND ..."
    assert unused.examine(of("KEY k (b)", text, index_use={"t.k": NEVER})) == []


def test_an_index_that_narrows_too_little_is_not_needed() -> None:
    text = "SELECT d FROM t WHERE flag = ?"
    judged = of("KEY k (flag)", text, index_use={"t.k": NEVER})
    assert objects(unused.examine(judged)) == ["shop.t.k"]


def test_nothing_is_unused_for_a_server_that_has_just_started() -> None:
    server = {"uptime": timedelta(hours=1)}
    quiet = case(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, b INT, KEY k (b))",
        [("SELECT b FROM t WHERE id = ?", {"calls": 10})],
        index_use={"t.k": NEVER},
        server=server,
    )
    assert unused.examine(quiet) == []


def test_much_work_in_a_short_time_is_a_remark() -> None:
    judged = of("KEY k (b)", index_use={"t.k": NEVER}, server={"uptime": timedelta(hours=1)})
    (finding,) = unused.examine(judged)
    assert (finding.severity, finding.risk) == ("info", "medium")


def test_a_table_that_nothing_reads_says_nothing_about_its_indexes() -> None:
    idle = case(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, b INT, KEY k (b))", index_use={"t.k": NEVER}
    )
    assert unused.examine(idle) == []


def test_without_counts_the_rule_cannot_look() -> None:
    with pytest.raises(NotEnabledError, match="off"):
        unused.examine(of("KEY k (b)", index_use=Missing("Counting is off.")))


_CLAUSE = re.compile(r"DROP INDEX `(?P<gone>\w+)`|ADD (?P<kind>UNIQUE )?INDEX `(?P<new>\w+)`")


def altered(names: list[str], unique: set[str], statement: str) -> list[str]:
    """The indexes as SHOW CREATE TABLE prints them once a statement has changed a table."""
    clauses = [found.groupdict() for found in _CLAUSE.finditer(statement)]
    gone = {each["gone"] for each in clauses}
    assert gone <= {*names, None}, f"{statement} drops what is not there: {names}"
    kept = [each for each in names if each not in gone]
    made = [each["new"] for each in clauses if each["new"]]
    assert not set(kept) & set(made), f"{statement} adds what is there: {names}"
    return sorted([*kept, *made], key=lambda each: each not in unique)


@pytest.mark.parametrize(
    "indexes",
    [
        "KEY k1 (a), KEY k2 (a, b), KEY k3 (c)",
        "KEY z (a, id), KEY k2 (a), KEY k1 (b), KEY k3 (c)",
        "KEY k4 (flag), KEY k3 (a), KEY k2 (a, b), KEY k1 (flag, c), KEY k5 (b)",
        "UNIQUE KEY u1 (b), KEY k9 (b), KEY k1 (a), UNIQUE KEY u2 (b), KEY k2 (a, b)",
    ],
)
def test_undoing_all_advice_in_reverse_gives_the_indexes_back_in_their_order(indexes: str) -> None:
    never = {f"t.{name}": NEVER for name in ("k1", "k3", "k4", "k5")}
    wanted = ("SELECT d FROM t WHERE a = ? ORDER BY c LIMIT ?", 50_000)
    load = [READ, (wanted[0], {"calls": 100, "rows_examined": 5_000_000, "rows_sent": 1_000})]
    table = "CREATE TABLE t (id BIGINT PRIMARY KEY, a INT, b INT, c VARCHAR(80), d TEXT, flag INT, "
    judged = case(f"{table}{indexes})", load, distinct={"t.a": 100}, index_use=never)
    findings = [each for rule in (missing, redundant, unused) for each in rule.examine(judged)]
    findings.sort(key=lambda each: gravity(each.severity, each.rule, each.object))
    kinds = judged.snapshot.tables["shop", "t"].indexes
    unique = {each.name for each in kinds if each.unique}
    before = sorted(
        (each.name for each in kinds if not each.primary), key=lambda e: e not in unique
    )
    names = before
    for finding in findings:
        (fix,) = finding.fix
        names = altered(names, unique, fix)
    assert len(findings) > 1
    assert names != before
    for finding in reversed(findings):
        (revert,) = finding.revert
        names = altered(names, unique, revert)
    assert names == before
