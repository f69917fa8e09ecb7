"""The judge of findings: what names a fault, what is false, and which fixes help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from bench.rig.optimizer_blueprint import Fault, Trap
from bench.rig.optimizer_judge import Heard, Score, follows, heard, names, springs
from bench.rig.optimizer_peers import read_mysqltuner
from bench.rig.optimizer_remedies import (
    Advice,
    Becomes,
    Covers,
    Drops,
    Either,
    Rewrites,
    Serves,
    bare,
    matching,
)


def _fault(*rules: str, columns: Sequence[str] = (), indexes: Sequence[str] = ()) -> Fault:
    return Fault(
        "form",
        rules,
        frozenset({"Shop.Baskets"}),
        Advice(),
        columns=frozenset(columns),
        indexes=frozenset(indexes),
        also=frozenset({"schema.wrong_type"}),
    )


def _finding(rule: str, about: str, statement: str = "", severity: str = "warning") -> Heard:
    evidence = {"statement": statement}
    return heard({"rule": rule, "object": about, "severity": severity, "evidence": evidence})


MISSING = _fault("index.missing", columns=["Sku", "placed_at"])


@pytest.mark.parametrize(
    "about",
    [
        "shop.baskets(sku)",
        "`Shop`.`Baskets`(`placed_at`, x)",
        "shop.baskets(sku(10), placed_at desc)",
    ],
)
def test_an_index_is_named_by_its_table_and_one_of_its_columns(about: str) -> None:
    assert names(MISSING, _finding("index.missing", about))


@pytest.mark.parametrize(
    ("rule", "about"),
    [
        ("index.missing", "shop.baskets(title)"),
        ("index.missing", "shop.basket(sku)"),
        ("index.missing", "the server"),
        ("index.unused", "shop.baskets(sku)"),
    ],
)
def test_another_cause_or_object_names_nothing(rule: str, about: str) -> None:
    assert not names(MISSING, _finding(rule, about))


def test_an_index_that_is_there_is_named_by_its_name() -> None:
    fault = _fault("index.redundant", "index.unused", indexes=["ix_a", "ix_b"])
    assert names(fault, _finding("index.unused", "shop.baskets.ix_b"))
    assert not names(fault, _finding("index.redundant", "shop.baskets.ix_c"))


def test_a_statement_without_a_column_is_told_by_its_text() -> None:
    fault = _fault("statement.leading_wildcard", columns=["title"])
    about = "shop.baskets in 0a1b2c3d4e5f"
    assert names(fault, _finding(fault.kind, about, "SELECT sku FROM baskets WHERE title LIKE ?"))
    assert not names(
        fault, _finding(fault.kind, about, "SELECT sku FROM baskets WHERE body LIKE ?")
    )


def test_what_follows_from_a_fault_is_no_false_finding_and_does_not_name_it() -> None:
    finding = _finding("schema.wrong_type", "shop.baskets.sku")
    assert follows(MISSING, finding)
    assert not names(MISSING, finding)


def test_a_trap_springs_where_a_finding_names_its_table_and_column() -> None:
    trap = Trap("keyset", frozenset({"shop.baskets"}), frozenset({"id"}))
    assert springs(trap, _finding("index.missing", "shop.baskets(id)"))
    assert not springs(trap, _finding("index.missing", "shop.baskets(sku)"))
    assert springs(Trap("small", trap.tables), _finding("index.missing", "shop.baskets(sku)"))


def test_information_counts_in_the_precision_of_all_alone() -> None:
    loud, quiet = (
        _finding("index.missing", "a.b(c)", severity=each) for each in ("critical", "info")
    )
    score = Score(cured=[MISSING], missed=[MISSING], right=[loud], false=[(quiet, "")])
    assert (score.recall, score.precision, score.precision_of_all) == (0.5, 1.0, 0.5)


class Bench:
    """A lab in which statements read what the test says."""

    def __init__(self, reads: int = 0, answer: Any = None, *, works: bool = True) -> None:
        self._reads, self._answer, self._works = reads, answer, works

    @contextmanager
    def applied(self, ddl: Sequence[str]) -> Iterator[bool]:
        yield self._works

    def reads(self, statement: Any) -> int:
        return self._reads

    def expert_reads(self, statement: Any) -> int:
        return 100

    def explained(self, statement: Any) -> str:
        return str(self._answer)

    def prepares(self, schema: str, sql: str) -> bool:
        return self._works

    def ask(self, sql: str) -> Any:
        return self._answer


INDEX = ["ALTER TABLE `shop`.`baskets` ADD INDEX `a` (`sku`)"]


@pytest.mark.parametrize(("reads", "helps"), [(100, True), (220, True), (221, False)])
def test_an_index_helps_where_about_as_little_is_read_as_with_the_experts(
    reads: int, helps: bool
) -> None:
    assert Serves(None).cures(INDEX, Bench(reads)) is helps
    assert not Serves(None).cures(INDEX, Bench(reads, works=False))
    assert not Serves(None).cures(["Add an index."], Bench(reads))


def test_a_covering_index_is_one_that_the_server_reads_alone() -> None:
    assert Covers(None).cures(INDEX, Bench(answer="Using where; Using index"))
    assert not Covers(None).cures(INDEX, Bench(answer="Using index condition"))


@pytest.mark.parametrize(
    ("fix", "helps"),
    [
        ("ALTER TABLE `s`.`t` DROP INDEX `spare`", True),
        ("DROP INDEX spare ON s.t", True),
        ("ALTER TABLE `s`.`t` DROP INDEX `spare`, DROP INDEX `needed`", False),
        ("ALTER TABLE `s`.`t` DROP INDEX `spare`, DROP COLUMN `c`", False),
        ("Drop the index spare.", False),
    ],
)
def test_only_the_spare_index_may_be_dropped(fix: str, helps: bool) -> None:
    assert Drops(frozenset({"spare"})).cures([fix], Bench()) is helps


def test_a_rewritten_statement_must_have_the_form_and_be_understood_by_the_server() -> None:
    remedy = Rewrites("shop", matching("union"))
    assert remedy.cures(["SELECT 1 UNION SELECT 2"], Bench())
    assert not remedy.cures(["SELECT 1 UNION SELECT 2"], Bench(works=False))
    assert not remedy.cures(["SELECT 1 OR 2"], Bench())


def test_a_change_of_the_schema_is_right_where_the_schema_then_answers_so() -> None:
    remedy = Becomes("SELECT engine", frozenset({"innodb"}))
    change = ["ALTER TABLE `s`.`t` ENGINE=InnoDB"]
    assert remedy.cures(change, Bench(answer="InnoDB"))
    assert not remedy.cures(change, Bench(answer="MyISAM"))
    assert Either((remedy, Advice())).cures(change, Bench(answer="MyISAM"))


@pytest.mark.parametrize(
    ("sql", "free"),
    [
        ("SELECT a FROM t WHERE placed >= ? AND placed < ? + INTERVAL 1 DAY", True),
        ("SELECT a FROM t WHERE (placed) IN (?)", True),
        ("SELECT a FROM t WHERE DATE(placed) = ?", False),
        ("SELECT a FROM t WHERE placed * 2 > ?", False),
        ("SELECT placed FROM t WHERE b = ?", False),
        ("Compare the column itself.", False),
    ],
)
def test_a_column_is_bare_where_nothing_is_around_it(sql: str, free: bool) -> None:
    assert bare("placed")(sql) is free


def test_mysqltuner_is_credited_with_the_lines_that_name_an_object() -> None:
    said = (
        "[!!] Index: ix_old on shop.baskets is not used.\n"
        "[--]  +-- 1: shop\tbaskets\tix_a\tsku\t1\tix_b\tsku,b\tDROP INDEX `ix_a`\n"
        "[!!] Table shop.notes has no index defined\n"
        "[!!] shop table column(s) has several charsets defined for all text like column(s).\n"
        "[!!] Index: ix_other on elsewhere.t is not used.\n"
    )
    found = read_mysqltuner(said, ["shop"])
    assert [(each.rule, each.table, each.detail) for each in found] == [
        ("index.unused", "shop.baskets", "ix_old"),
        ("index.redundant", "shop.baskets", "ix_a"),
        ("schema.no_primary_key", "shop.notes", ""),
    ]
