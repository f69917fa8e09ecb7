"""Faults of the schema itself, and what only looks like one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules.schema import (
    key_running_out,
    mixed_charsets,
    myisam,
    no_primary_key,
    wrong_type,
)
from dbsbm.optimizer.server.case import Content
from tests.unit.optimizer.cases import case

PARENTS = "CREATE TABLE parents (id INT PRIMARY KEY AUTO_INCREMENT, code VARCHAR(20))"


def objects(findings: list[Finding]) -> list[str]:
    return [finding.object for finding in findings]


def test_a_table_without_a_key_gets_one_that_statements_do_not_see() -> None:
    (finding,) = no_primary_key.examine(case("CREATE TABLE events (kind INT, at DATETIME)"))
    assert finding.object == "shop.events"
    assert finding.fix == (
        (
            "ALTER TABLE `shop`.`events` ADD COLUMN `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT "
            "INVISIBLE PRIMARY KEY"
        ),
    )
    assert finding.revert == ("ALTER TABLE `shop`.`events` DROP COLUMN `id`",)


def test_the_new_key_has_a_free_name() -> None:
    (finding,) = no_primary_key.examine(case("CREATE TABLE events (ID INT, at DATETIME)"))
    assert "ADD COLUMN `row_id`" in finding.fix[0]


def test_a_column_that_is_numbered_already_becomes_the_key() -> None:
    (finding,) = no_primary_key.examine(
        case("CREATE TABLE events (n INT NOT NULL AUTO_INCREMENT, KEY n (n))")
    )
    assert finding.fix == ("ALTER TABLE `shop`.`events` ADD PRIMARY KEY (`n`)",)


def test_a_small_table_without_a_key_is_a_remark() -> None:
    (finding,) = no_primary_key.examine(case("CREATE TABLE events (kind INT)", rows=9))
    assert finding.severity == "info"


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b))",
        "CREATE TABLE t (a INT NOT NULL, UNIQUE KEY k (a))",
        "CREATE TABLE t (a INT) ENGINE=BLACKHOLE",
    ],
)
def test_a_table_with_a_key_or_what_stands_in_for_it_is_no_fault(table: str) -> None:
    assert no_primary_key.examine(case(table)) == []


def test_a_unique_index_with_null_or_with_a_beginning_is_no_key() -> None:
    tables = """CREATE TABLE t (a INT, UNIQUE KEY k (a));
                CREATE TABLE u (a VARCHAR(90) NOT NULL, UNIQUE KEY k (a(9)))"""
    assert objects(no_primary_key.examine(case(tables))) == ["shop.t", "shop.u"]


def test_tables_without_transactions_are_named() -> None:
    tables = """CREATE TABLE old (id INT PRIMARY KEY) ENGINE=MyISAM;
                CREATE TABLE aria (id INT PRIMARY KEY) ENGINE=Aria;
                CREATE TABLE fine (id INT PRIMARY KEY) ENGINE=InnoDB;
                CREATE TABLE quick (id INT PRIMARY KEY) ENGINE=MEMORY"""
    findings = myisam.examine(case(tables))
    assert [(each.object, each.severity) for each in findings] == [
        ("shop.old", "warning"),
        ("shop.aria", "info"),
    ]
    assert findings[0].revert == ("ALTER TABLE `shop`.`old` ENGINE=MyISAM",)


@pytest.mark.parametrize(
    ("kind", "following", "severity"),
    [
        ("INT", 2_000_000_000, "critical"),
        ("INT", 1_600_000_000, "warning"),
        ("INT", 1_100_000_000, "info"),
        ("INT", 900_000_000, None),
        ("INT UNSIGNED", 2_000_000_000, None),
        ("INT UNSIGNED", 3_100_000_000, "warning"),
        ("TINYINT", 128, "critical"),
        ("SMALLINT UNSIGNED", 60_000, "critical"),
        ("MEDIUMINT", 8_000_000, "critical"),
        ("BIGINT", 4_000_000_000, None),
        ("BIGINT UNSIGNED", 9_300_000_000_000_000_000, "info"),
        ("INT", None, None),
    ],
)
def test_a_number_that_runs_out_is_named_by_its_share(
    kind: str, following: int | None, severity: str | None
) -> None:
    judged = case(
        f"CREATE TABLE t (id {kind} PRIMARY KEY AUTO_INCREMENT)",
        changes={"t": {"next_number": following}},
    )
    findings = key_running_out.examine(judged)
    assert [each.severity for each in findings] == ([severity] if severity else [])


def test_what_refers_to_a_number_grows_with_it() -> None:
    judged = case(
        f"{PARENTS}; CREATE TABLE children (id BIGINT PRIMARY KEY, parent_id INT NOT NULL, "
        "CONSTRAINT own FOREIGN KEY (parent_id) REFERENCES parents (id))",
        changes={"parents": {"next_number": 2_000_000_000}},
    )
    (finding,) = key_running_out.examine(judged)
    add = (
        "ALTER TABLE `shop`.`children` ADD CONSTRAINT `own` FOREIGN KEY (`parent_id`) "
        "REFERENCES `shop`.`parents` (`id`)"
    )
    drop = "ALTER TABLE `shop`.`children` DROP FOREIGN KEY `own`"
    assert finding.object == "shop.parents.id"
    assert finding.fix == (
        drop,
        "ALTER TABLE `shop`.`parents` MODIFY `id` bigint NOT NULL AUTO_INCREMENT",
        "ALTER TABLE `shop`.`children` MODIFY `parent_id` bigint NOT NULL",
        add,
    )
    assert finding.revert == (
        drop,
        "ALTER TABLE `shop`.`children` MODIFY `parent_id` int NOT NULL",
        "ALTER TABLE `shop`.`parents` MODIFY `id` int NOT NULL AUTO_INCREMENT",
        add,
    )


def test_a_change_of_type_keeps_the_rest_of_the_definition() -> None:
    plain = case("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT)")
    table = plain.snapshot.tables["shop", "t"]
    columns = {
        "id": replace(
            table.columns["id"],
            type="int(11)",
            definition="int(11) NOT NULL AUTO_INCREMENT COMMENT 'number'",
        )
    }
    judged = case(
        "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT)",
        changes={"t": {"next_number": 2_000_000_000, "columns": columns}},
    )
    (finding,) = key_running_out.examine(judged)
    assert finding.fix == (
        "ALTER TABLE `shop`.`t` MODIFY `id` bigint NOT NULL AUTO_INCREMENT COMMENT 'number'",
    )
    assert finding.revert == (
        "ALTER TABLE `shop`.`t` MODIFY `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'number'",
    )


def test_a_text_that_is_joined_with_a_number_has_the_wrong_type() -> None:
    judged = case(
        f"{PARENTS}; CREATE TABLE notes (id INT PRIMARY KEY, parent VARCHAR(20) NOT NULL)",
        [("SELECT n.id FROM notes n JOIN parents p ON p.id = n.parent", {})],
    )
    (finding,) = wrong_type.examine(judged)
    assert finding.object == "shop.notes.parent"
    assert finding.fix == ("ALTER TABLE `shop`.`notes` MODIFY `parent` int NOT NULL",)
    assert finding.revert == (
        (
            "ALTER TABLE `shop`.`notes` MODIFY `parent` varchar(20) CHARACTER SET utf8mb4 "
            "COLLATE utf8mb4_general_ci NOT NULL"
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM notes WHERE STR_TO_DATE(said, ?) > ?",
        "SELECT id FROM notes WHERE said_at >= ? AND said_at < ?",
    ],
)
def test_a_text_that_is_compared_as_a_time_has_the_wrong_type(text: str) -> None:
    tables = "CREATE TABLE notes (id INT PRIMARY KEY, said VARCHAR(10), said_at VARCHAR(19))"
    (finding,) = wrong_type.examine(case(tables, [(text, {})]))
    kind = "date" if "STR_TO" in text else "datetime"
    assert finding.evidence["fitting_type"] == kind


def test_money_in_binary_fractions_has_the_wrong_type() -> None:
    tables = "CREATE TABLE bills (id INT PRIMARY KEY, unit_price FLOAT, total DOUBLE, rate DOUBLE)"
    found = wrong_type.examine(case(tables))
    assert objects(found) == ["shop.bills.unit_price", "shop.bills.total"]
    assert {each.expected_gain for each in found} == {"sums of money are exact, to the cent"}


NOTES = """
CREATE TABLE notes (id INT PRIMARY KEY, said VARCHAR(20) NOT NULL DEFAULT '', level DOUBLE,
  amount DOUBLE)
"""
READ = [("SELECT said, amount FROM notes WHERE id = ?", {})]


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        (Content(200, days=200), "date"),
        (Content(200, moments=200), "datetime"),
        (Content(200, days=20, moments=180), "datetime"),
    ],
)
def test_a_text_that_holds_nothing_but_times_has_the_wrong_type(sample: Content, kind: str) -> None:
    (finding,) = wrong_type.examine(case(NOTES, READ, contents={"notes.said": sample}))
    assert finding.fix[0].startswith(f"ALTER TABLE `shop`.`notes` MODIFY `said` {kind}")
    assert finding.evidence["sample"]["values"] == 200


def test_a_text_that_is_summed_up_has_the_wrong_type() -> None:
    load = [("SELECT SUM(said) FROM notes WHERE id BETWEEN ? AND ?", {})]
    whole, parts = Content(200, integers=200), Content(200, integers=90, decimals=110)
    for sample, kind in ((whole, "bigint"), (parts, "decimal(19,4)")):
        (finding,) = wrong_type.examine(case(NOTES, load, contents={"notes.said": sample}))
        assert finding.evidence["fitting_type"] == kind


def test_amounts_with_cents_that_are_summed_up_are_money() -> None:
    load = [("SELECT SUM(n.amount) FROM notes n WHERE id BETWEEN ? AND ?", {})]
    cents = {"notes.amount": Content(200, fractions=190, cents=200)}
    assert objects(wrong_type.examine(case(NOTES, load, contents=cents))) == ["shop.notes.amount"]


SUMMED = "SELECT SUM(said), SUM(level), SUM(amount) FROM notes WHERE id BETWEEN ? AND ?"
CENTS = Content(200, fractions=190, cents=200)


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        pytest.param(READ[0][0], {"said": Content(200, days=199)}, id="a value is no day"),
        pytest.param(READ[0][0], {"said": Content(9, days=9)}, id="few values"),
        pytest.param(READ[0][0], {"said": Content(200, integers=200)}, id="digits of a name"),
        pytest.param(SUMMED, {"said": Content(200, integers=198)}, id="a sum of what is mixed"),
        pytest.param(SUMMED, {"level": CENTS}, id="a level is no amount"),
        pytest.param(READ[0][0], {"amount": CENTS}, id="an amount that nobody sums up"),
        pytest.param(
            SUMMED, {"amount": Content(200, fractions=200, cents=3)}, id="an amount of a measure"
        ),
        pytest.param(SUMMED, {"amount": Content(200, cents=200)}, id="whole amounts"),
        pytest.param(
            "SELECT id FROM notes WHERE DATE(said) > ?", {"said": Content(200, days=150)},
            id="compared as a time, and not always one",
        ),
    ],
)  # fmt: skip
def test_samples_that_do_not_tell_are_no_fault(text: str, contents: dict[str, Content]) -> None:
    given = {f"notes.{name}": content for name, content in contents.items()}
    assert wrong_type.examine(case(NOTES, [(text, {})], contents=given)) == []


def test_a_small_table_is_not_sampled() -> None:
    contents = {"notes.said": Content(200, days=200)}
    assert wrong_type.examine(case(NOTES, READ, rows=500, contents=contents)) == []


@pytest.mark.parametrize(
    ("tables", "text"),
    [
        (
            "CREATE TABLE a (id INT PRIMARY KEY, phone VARCHAR(20), zip CHAR(5))",
            "SELECT id FROM a WHERE phone = ?",
        ),
        (
            "CREATE TABLE measures (id INT PRIMARY KEY, total DOUBLE, amount FLOAT)",
            "SELECT id FROM measures WHERE total > ?",
        ),
        (
            "CREATE TABLE a (id INT PRIMARY KEY, latitude DOUBLE, odds FLOAT)",
            "SELECT id FROM a WHERE latitude > ?",
        ),
        (
            "CREATE TABLE a (id INT PRIMARY KEY, price DECIMAL(10,2), made_at DATETIME)",
            "SELECT id FROM a WHERE made_at > ?",
        ),
        (
            "CREATE TABLE a (id INT PRIMARY KEY, b_id BIGINT); CREATE TABLE b (id INT PRIMARY KEY)",
            "SELECT a.id FROM a JOIN b ON b.id = a.b_id",
        ),
        (
            "CREATE TABLE a (id INT PRIMARY KEY, said_at VARCHAR(19))",
            "SELECT said_at FROM a WHERE id = ?",
        ),
    ],
)
def test_types_that_only_look_wrong_are_no_fault(tables: str, text: str) -> None:
    assert wrong_type.examine(case(tables, [(text, {})])) == []


OLD_AND_NEW = """
CREATE TABLE old (id INT PRIMARY KEY, code VARCHAR(20), KEY (code))
  DEFAULT CHARACTER SET latin1 COLLATE latin1_swedish_ci;
CREATE TABLE one (id INT PRIMARY KEY, code VARCHAR(20), KEY (code));
CREATE TABLE two (id INT PRIMARY KEY, code VARCHAR(20));
CREATE TABLE three (id INT PRIMARY KEY, code VARCHAR(20));
CREATE TABLE four (id INT PRIMARY KEY, code VARCHAR(20))
"""


def test_texts_of_two_character_sets_that_are_joined_are_named() -> None:
    text = "SELECT o.id FROM old o JOIN one n ON n.code = o.code"
    read = {"calls": 10, "rows_examined": 1_000_000}
    (finding,) = mixed_charsets.examine(case(OLD_AND_NEW, [(text, read)]))
    assert (finding.object, finding.severity) == ("shop.old.code", "warning")
    assert finding.fix == (
        (
            "ALTER TABLE `shop`.`old` MODIFY `code` varchar(20) CHARACTER SET utf8mb4 "
            "COLLATE utf8mb4_general_ci"
        ),
    )


def test_a_conversion_that_costs_little_is_a_remark() -> None:
    text = "SELECT o.id FROM old o JOIN one n ON n.code = o.code WHERE o.id = ?"
    read = {"calls": 10, "rows_examined": 20}
    (finding,) = mixed_charsets.examine(case(OLD_AND_NEW, [(text, read)]))
    assert (finding.object, finding.severity) == ("shop.old.code", "info")


def test_an_old_table_that_nothing_joins_is_a_remark() -> None:
    text = "SELECT id FROM old WHERE code = ?"
    (finding,) = mixed_charsets.examine(case(OLD_AND_NEW, [(text, {})]))
    assert (finding.object, finding.severity) == ("shop.old", "info")


def test_an_old_column_of_a_modern_table_is_a_remark() -> None:
    tables = "CREATE TABLE a (id INT PRIMARY KEY, body VARCHAR(9) CHARACTER SET latin1 NOT NULL)"
    (finding,) = mixed_charsets.examine(case(tables))
    assert (finding.object, finding.severity) == ("shop.a.body", "info")
    assert finding.fix == (
        (
            "ALTER TABLE `shop`.`a` MODIFY `body` varchar(9) CHARACTER SET utf8mb4 COLLATE "
            "utf8mb4_general_ci NOT NULL"
        ),
    )


def test_old_columns_that_are_joined_with_each_other_stay_alike() -> None:
    tables = """
        CREATE TABLE a (id INT PRIMARY KEY, code VARCHAR(9) CHARACTER SET latin1);
        CREATE TABLE b (id INT PRIMARY KEY, code VARCHAR(9) CHARACTER SET latin1)
    """
    text = "SELECT a.id FROM a JOIN b ON b.code = a.code"
    assert mixed_charsets.examine(case(tables, [(text, {})])) == []


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE a (id INT PRIMARY KEY, token CHAR(64) CHARACTER SET ascii)",
        "CREATE TABLE a (id INT PRIMARY KEY, name VARCHAR(9)) DEFAULT CHARACTER SET latin1",
    ],
)
def test_a_character_set_that_is_alone_or_chosen_is_no_fault(tables: str) -> None:
    assert mixed_charsets.examine(case(tables)) == []


def test_the_schema_is_judged_without_a_load() -> None:
    away = Missing("It is off.")
    tables = "CREATE TABLE a (id INT, price FLOAT) ENGINE=MyISAM DEFAULT CHARACTER SET latin1"
    judged = case(tables, away)
    rules = (key_running_out, mixed_charsets, myisam, no_primary_key, wrong_type)
    assert sum(len(rule.examine(judged)) for rule in rules) == 3
