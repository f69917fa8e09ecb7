"""Statements that read many rows for few, and those that only look so."""

from __future__ import annotations

from typing import Any

import pytest

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.statements import (
    deep_offset,
    dependent_subquery,
    function_on_column,
    implicit_conversion,
    leading_wildcard,
    or_across_columns,
    order_by_random,
)
from dbsbm.optimizer.rules.statements.decorrelation import decorrelated
from tests.unit.optimizer.cases import case, scan

TABLES = """
CREATE TABLE games (
  id BIGINT PRIMARY KEY, home_id BIGINT, away_id BIGINT, title VARCHAR(80), phone VARCHAR(20),
  starts_at DATETIME, score INT, code VARCHAR(20) CHARACTER SET latin1, slug VARCHAR(40), state INT,
  exact VARCHAR(40) COLLATE utf8mb4_bin,
  KEY by_start (starts_at), KEY by_phone (phone), KEY by_title (title), KEY by_code (code),
  KEY by_home (home_id), KEY by_state (state)
);
CREATE TABLE teams (
  id BIGINT PRIMARY KEY, name VARCHAR(40), code VARCHAR(20), phone BIGINT, KEY team_code (code),
  KEY team_phone (phone), KEY by_name (name)
);
CREATE TABLE small (id BIGINT PRIMARY KEY, starts_at DATETIME, title VARCHAR(40), a INT, b INT)
"""
DISTINCT = {
    "games.phone": 90_000, "games.home_id": 2_000, "games.away_id": 2_000, "games.code": 50_000,
    "games.title": 90_000, "games.state": 2, "teams.code": 50_000, "teams.phone": 50_000,
    "games.starts_at": 60_000, "games.score": 200, "games.slug": 90_000, "teams.name": 90_000,
}  # fmt: skip
WHOLE = 100_000


def found(
    rule: Any, text: str, read: float = WHOLE, given: float = 10, calls: int = 50, **more: Any
) -> list[Finding]:
    fields: dict[str, Any] = {
        "calls": calls,
        "rows_examined": int(read * calls),
        "rows_sent": int(given * calls),
    }
    fields |= {name: more.pop(name) for name in ("sample", "sorted_rows") if name in more}
    rows = {"games": WHOLE, "teams": WHOLE, "small": 50}
    distinct = {**DISTINCT, **more.pop("distinct", {})}
    judged = case(TABLES, [(text, fields)], rows=rows, distinct=distinct, **more)
    findings: list[Finding] = rule.examine(judged)
    return findings


@pytest.mark.parametrize(
    ("condition", "instead"),
    [
        ("DATE(starts_at) = ?", "starts_at >= ? AND starts_at < ? + INTERVAL '1' DAY"),
        ("DATE(starts_at) > ?", "starts_at >= ? + INTERVAL '1' DAY"),
        ("? <= DATE(starts_at)", "starts_at >= ?"),
        ("DATE(starts_at) BETWEEN ? AND ?", "starts_at >= ? AND starts_at < ? + INTERVAL '1' DAY"),
        ("YEAR(starts_at) = ?", "starts_at >= MAKEDATE(?, 1) AND starts_at < MAKEDATE(? + 1, 1)"),
        ("DATE_FORMAT(starts_at, ?) = ?", "starts_at >= ? AND starts_at < ?"),
        ("CAST(starts_at AS DATE) = ?", "starts_at >= ? AND starts_at < ? + INTERVAL '1' DAY"),
        ("LOWER(title) = ?", "title = ?"),
        ("UPPER(title) = UPPER(?)", "title = ?"),
        ("LOWER(title) LIKE ?", "title LIKE ?"),
        ("LEFT(title, ?) = ?", "title LIKE CONCAT(?, '%')"),
        ("home_id + ? = ?", "home_id = ? - ?"),
        ("starts_at + INTERVAL ? DAY > NOW()", "starts_at > NOW() - INTERVAL (?) DAY"),
        ("DATE_ADD(starts_at, INTERVAL ? DAY) > NOW()", "starts_at > NOW() - INTERVAL ? DAY"),
        ("DATEDIFF(NOW(), starts_at) <= ?", "starts_at >= DATE(NOW()) - INTERVAL ? DAY"),
        ("UNIX_TIMESTAMP(starts_at) > ?", "starts_at > FROM_UNIXTIME(?)"),
        ("IFNULL(home_id, ?) = ?", "(home_id = ? OR (home_id IS NULL AND ? = ?))"),
        ("CAST(home_id AS CHAR) = ?", "home_id = ?"),
        ("DATE(starts_at) >= ? AND DATE(starts_at) < ?", "starts_at >= ? AND starts_at < ?"),
        ("BINARY title = ?", "title = ? AND CAST(title AS BINARY) = ?"),
    ],
)
def test_a_function_of_a_column_is_written_as_a_condition_on_the_column(
    condition: str, instead: str
) -> None:
    (finding,) = found(function_on_column, f"SELECT id FROM games WHERE {condition}")
    assert finding.evidence["instead"].replace("INTERVAL (?) DAY", "INTERVAL ? DAY").replace(
        "INTERVAL 1 DAY", "INTERVAL '1' DAY"
    ) == instead.replace("INTERVAL (?) DAY", "INTERVAL ? DAY")
    assert finding.fix[0].startswith("SELECT id FROM games WHERE ")
    assert condition not in finding.fix[0]


def test_a_function_that_cannot_be_undone_gets_a_column_of_its_own() -> None:
    (finding,) = found(function_on_column, "SELECT id FROM games g WHERE MONTH(g.starts_at) = ?")
    assert finding.object.startswith("shop.games.starts_at in ")
    assert finding.fix[:2] == (
        (
            "ALTER TABLE `shop`.`games` ADD COLUMN `starts_at_month` INT GENERATED ALWAYS AS "
            "(MONTH(starts_at)) VIRTUAL"
        ),
        "ALTER TABLE `shop`.`games` ADD INDEX `ix_games_starts_at_month` (`starts_at_month`)",
    )
    assert finding.revert[-1] == "ALTER TABLE `shop`.`games` DROP COLUMN `starts_at_month`"


@pytest.mark.parametrize(
    "condition",
    [
        "CAST(title AS SIGNED) BETWEEN ? AND ?",
        "CAST(title AS DATE) = ?",
        "CAST(home_id AS CHAR) > ?",
        "FROM_UNIXTIME(home_id, ?) = ?",
        "JSON_EXTRACT(title, ?) = ?",
    ],
)
def test_a_function_that_changes_the_comparison_is_never_just_left_out(condition: str) -> None:
    (finding,) = found(function_on_column, f"SELECT id FROM games WHERE {condition}")
    assert finding.evidence["instead"] is None
    assert finding.fix[0].startswith("Keep ")


def test_a_format_may_be_that_of_no_period() -> None:
    (finding,) = found(
        function_on_column, "SELECT id FROM games WHERE DATE_FORMAT(starts_at, ?) = ?"
    )
    assert finding.confidence == 0.6
    assert "such as a birthday" in finding.fix[1]


def test_a_column_of_its_own_has_the_type_of_what_the_function_gives() -> None:
    text = "SELECT id FROM games WHERE EXTRACT(MONTH FROM starts_at) = ?"
    (finding,) = found(function_on_column, text)
    assert "`starts_at_extract` INT GENERATED" in finding.fix[0]


def test_mysql_indexes_a_function_itself() -> None:
    mysql = {"flavor": "mysql", "version": (8, 0, 36)}
    text = "SELECT id FROM games WHERE MONTH(starts_at) = ?"
    (finding,) = found(function_on_column, text, server=mysql)
    assert finding.fix == (
        "ALTER TABLE `shop`.`games` ADD INDEX `ix_games_starts_at_month` ((MONTH(starts_at)))",
    )


def test_a_rewritten_condition_gets_an_index_where_it_has_none() -> None:
    (finding,) = found(function_on_column, "SELECT id, score FROM games WHERE LOWER(slug) = ?")
    assert finding.fix[1] == "ALTER TABLE `shop`.`games` ADD INDEX `ix_games_slug` (`slug`)"


def test_a_binary_collation_needs_its_function() -> None:
    (finding,) = found(function_on_column, "SELECT id FROM games WHERE LOWER(exact) = ?")
    assert "`exact_lower` varchar(40) GENERATED ALWAYS" in finding.fix[0]


@pytest.mark.parametrize(
    ("text", "read", "given"),
    [
        pytest.param("SELECT id FROM games WHERE starts_at > DATE(?)", 90, 90, id="on the value"),
        pytest.param("SELECT DATE(starts_at) FROM games WHERE home_id = ?", 50, 50, id="selected"),
        pytest.param(
            "SELECT id FROM games WHERE home_id = ? AND DATE(starts_at) = ?", 50, 2,
            id="narrowed by another column",
        ),
        pytest.param(
            "SELECT id FROM games WHERE away_id = ? AND DATE(starts_at) = ?", WHOLE, 2,
            id="to be narrowed by another column",
        ),
        pytest.param("SELECT id FROM small WHERE DATE(starts_at) = ?", 50, 2, id="small"),
        pytest.param(
            "SELECT id FROM games g WHERE DATE(starts_at) = ? AND EXISTS "
            "(SELECT 1 FROM teams t WHERE t.name = g.slug)", 40 * WHOLE, 2,
            id="a small part of what is read",
        ),
        pytest.param(
            "SELECT id FROM games WHERE YEAR(starts_at) >= ?", WHOLE, 80_000, id="most rows"
        ),
        pytest.param(
            "SELECT COUNT(*) FROM games GROUP BY DATE(starts_at)", WHOLE, 900, id="grouped"
        ),
    ],
)  # fmt: skip
def test_a_function_that_hides_nothing_is_no_fault(text: str, read: int, given: int) -> None:
    assert found(function_on_column, text, read, given) == []


def test_a_number_against_a_text_is_seen_in_a_run() -> None:
    (finding,) = found(
        implicit_conversion,
        "SELECT id FROM games WHERE phone = ?",
        sample="SELECT id FROM games WHERE phone = 4917",
    )
    assert finding.object.startswith("shop.games.phone in ")
    assert "4917" not in str(finding.to_dict())
    assert finding.fix == (
        (
            "SELECT id FROM games WHERE phone = CAST(? AS CHAR CHARACTER SET utf8mb4) "
            "COLLATE utf8mb4_general_ci"
        ),
    )


def test_no_conversion_is_inferred_where_the_server_would_read_all_anyway() -> None:
    text = "SELECT id FROM games WHERE phone = ?"
    assert found(implicit_conversion, text, WHOLE, 1, plans={text: scan("games")}) == []


def test_a_conversion_is_inferred_in_a_join() -> None:
    text = "SELECT t.name FROM games g JOIN teams t ON t.id = g.home_id WHERE g.phone = ?"
    (finding,) = found(implicit_conversion, text, WHOLE + 1, 1)
    assert finding.object.startswith("shop.games.phone in ")


@pytest.mark.parametrize("condition", ["phone = ?", "phone IN (...)", "phone = ? AND state = ?"])
def test_a_number_against_a_text_is_inferred_from_an_index_that_finds_nothing(
    condition: str,
) -> None:
    (finding,) = found(implicit_conversion, f"SELECT id FROM games WHERE {condition}", given=1)
    assert finding.confidence < 0.9


@pytest.mark.parametrize(
    ("text", "read", "given"),
    [
        pytest.param("SELECT id FROM games WHERE phone = ?", 1, 1, id="an index that finds it"),
        pytest.param("SELECT id FROM games WHERE slug = ?", WHOLE, 1, id="no index"),
        pytest.param("SELECT id FROM games WHERE home_id = ?", WHOLE, 10, id="a number"),
        pytest.param(
            "SELECT id FROM games WHERE phone = ? ORDER BY id LIMIT ?", WHOLE, 1, id="by its order"
        ),
        pytest.param("SELECT id FROM games WHERE phone != ?", WHOLE, 99_000, id="all but one"),
    ],
)
def test_no_conversion_is_inferred_where_something_else_explains_it(
    text: str, read: int, given: int
) -> None:
    assert found(implicit_conversion, text, read, given) == []


@pytest.mark.parametrize(
    ("join", "column", "change"),
    [
        (
            "g.code = t.code",
            "code",
            "MODIFY `code` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        ),
        ("g.phone = t.phone", "phone", "MODIFY `phone` bigint"),
        (
            "t.name = g.exact",
            "name",
            "MODIFY `name` varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ),
    ],
)
def test_joined_columns_that_differ_are_named(join: str, column: str, change: str) -> None:
    table = "teams" if column == "name" else "games"
    own = "g.id" if table == "teams" else "t.id"
    text = f"SELECT g.id FROM games g JOIN teams t ON {join} WHERE {own} = ?"
    (finding,) = found(implicit_conversion, text, WHOLE + 1, 1)
    assert finding.object.startswith(f"shop.{table}.{column} in ")
    assert finding.fix == (f"ALTER TABLE `shop`.`{table}` {change}",)


def test_a_join_by_a_collation_that_is_not_the_columns_is_named() -> None:
    text = (
        "SELECT g.id FROM teams t JOIN games g ON g.title = t.name COLLATE utf8mb4_unicode_ci "
        "WHERE t.id = ?"
    )
    (finding,) = found(implicit_conversion, text, WHOLE + 1, 1)
    assert finding.object.startswith("shop.games.title in ")
    assert finding.fix == (
        (
            "ALTER TABLE `shop`.`games` MODIFY `title` varchar(80) CHARACTER SET utf8mb4 COLLATE "
            "utf8mb4_unicode_ci"
        ),
    )


def test_a_join_by_the_columns_own_collation_is_no_fault() -> None:
    text = (
        "SELECT g.id FROM teams t JOIN games g ON g.title = t.name COLLATE utf8mb4_general_ci "
        "WHERE t.id = ?"
    )
    assert found(implicit_conversion, text, WHOLE + 1, 1) == []


def test_a_list_of_numbers_against_a_text_is_seen_in_a_run() -> None:
    text = "SELECT id FROM games WHERE phone IN (...)"
    sample = "SELECT id FROM games WHERE phone IN (1, 2)"
    (finding,) = found(
        implicit_conversion, text, given=1, sample=sample, plans={text: scan("games")}
    )
    assert finding.confidence > 0.9


def test_a_lookup_beside_a_join_of_two_types_is_not_to_blame() -> None:
    text = "SELECT g.id FROM teams t JOIN games g ON g.slug = t.id WHERE t.name = ?"
    (finding,) = found(implicit_conversion, text, WHOLE + 1, 1)
    assert finding.object.startswith("shop.games.slug in ")


def test_joined_columns_that_differ_and_are_found_by_the_other_index_are_no_fault() -> None:
    text = "SELECT g.id FROM games g JOIN teams t ON g.code = t.code WHERE g.id = ?"
    assert found(implicit_conversion, text, 2, 1) == []


def test_a_pattern_that_begins_with_a_wildcard_is_named() -> None:
    (finding,) = found(
        leading_wildcard,
        "SELECT id FROM games WHERE title LIKE ?",
        sample="SELECT id FROM games WHERE title LIKE '%secret%'",
    )
    assert finding.fix[:2] == (
        "ALTER TABLE `shop`.`games` ADD FULLTEXT INDEX `ix_games_title_words` (`title`)",
        "SELECT id FROM games WHERE MATCH(`title`) AGAINST(? IN BOOLEAN MODE)",
    )
    assert "secret" not in str(finding.to_dict())


@pytest.mark.parametrize(("column", "confidence"), [("title", 0.85), ("slug", 0.6)])
def test_a_pattern_that_is_not_known_is_judged_by_what_is_read(
    column: str, confidence: float
) -> None:
    (finding,) = found(leading_wildcard, f"SELECT id FROM games WHERE {column} LIKE ?")
    assert finding.confidence == confidence
    advised = any("ADD INDEX `ix_games_slug` (`slug`)" in each for each in finding.fix)
    assert advised is (column == "slug")  # the other one has an index


@pytest.mark.parametrize(
    ("text", "more"),
    [
        pytest.param("SELECT id FROM games WHERE title LIKE ?", {"read": 12}, id="few rows read"),
        pytest.param(
            "SELECT id FROM games WHERE title LIKE ?",
            {"sample": "SELECT id FROM games WHERE title LIKE 'fin%'"},
            id="begins with a letter",
        ),
        pytest.param(
            "SELECT id FROM games WHERE title LIKE ?", {"given": 60_000}, id="most rows match"
        ),
        pytest.param("SELECT id FROM small WHERE title LIKE ?", {"read": 50}, id="small"),
        pytest.param(
            "SELECT id FROM games WHERE home_id = ? AND title LIKE ?", {"read": 50}, id="narrowed"
        ),
        pytest.param(
            "SELECT id FROM games WHERE away_id = ? AND title LIKE ?", {}, id="to be narrowed"
        ),
    ],
)
def test_a_pattern_that_an_index_serves_or_nothing_needs_to_is_no_fault(
    text: str, more: dict[str, Any]
) -> None:
    assert found(leading_wildcard, text, **more) == []


def test_a_deep_offset_goes_on_by_key() -> None:
    (finding,) = found(
        deep_offset,
        "SELECT id, title FROM games ORDER BY starts_at DESC LIMIT ? OFFSET ?",
        40_020,
        20,
    )
    assert finding.fix == (
        (
            "SELECT id, title FROM games WHERE (`starts_at` < ?) OR (`starts_at` = ? AND `id` < ?) "
            "ORDER BY starts_at DESC, `id` DESC LIMIT ?"
        ),
    )


def test_a_page_by_key_brings_the_index_that_it_needs() -> None:
    text = "SELECT id FROM games ORDER BY score LIMIT ? OFFSET ?"
    (finding,) = found(deep_offset, text, 140_000, 20, sorted_rows=50 * 40_020)
    assert finding.fix[1] == "ALTER TABLE `shop`.`games` ADD INDEX `ix_games_score` (`score`)"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT SQL_CALC_FOUND_ROWS DISTINCTROW id FROM games ORDER BY score LIMIT ?, ...",
        "SELECT g.id FROM games g JOIN teams t ON t.id = g.home_id ORDER BY g.score LIMIT ?, ...",
    ],
)
def test_a_sort_of_more_than_is_sent_tells_of_no_offset(text: str) -> None:
    assert found(deep_offset, text, 2 * WHOLE, 20, sorted_rows=50 * WHOLE) == []


def test_an_offset_of_another_spelling_is_found() -> None:
    (finding,) = found(deep_offset, "SELECT id FROM games ORDER BY id LIMIT ?, ...", 40_020, 20)
    assert "WHERE `id` > ?" in finding.fix[0]


def test_an_offset_is_told_by_what_was_sorted() -> None:
    text = "SELECT id FROM games ORDER BY score LIMIT ? OFFSET ?"
    (finding,) = found(deep_offset, text, 140_000, 20, sorted_rows=50 * 40_020)
    assert finding.evidence["skipped_a_run"] == 40_000
    assert found(deep_offset, text, 100_080, 20, sorted_rows=50 * 80) == []


@pytest.mark.parametrize(
    ("text", "read", "sample"),
    [
        pytest.param(
            "SELECT id FROM games WHERE score = ? ORDER BY id LIMIT ? OFFSET ?",
            5_000,
            None,
            id="rows that do not meet a condition",
        ),
        pytest.param("SELECT id FROM games ORDER BY id LIMIT ? OFFSET ?", 60, None, id="small"),
        pytest.param(
            "SELECT id FROM games ORDER BY score LIMIT ? OFFSET ?", WHOLE, None, id="no order"
        ),
        pytest.param(
            "SELECT id FROM games ORDER BY score LIMIT ? OFFSET ?",
            WHOLE,
            "SELECT id FROM games ORDER BY score LIMIT 20 OFFSET 40",
            id="known to be small",
        ),
        pytest.param("SELECT id FROM games ORDER BY id LIMIT ?", 20_000, None, id="none"),
    ],
)
def test_an_offset_that_skips_little_is_no_fault(text: str, read: int, sample: str | None) -> None:
    assert found(deep_offset, text, read, 20, **({"sample": sample} if sample else {})) == []


def test_sorting_by_chance_is_named() -> None:
    (finding,) = found(order_by_random, "SELECT id, title FROM games ORDER BY RAND() LIMIT ?")
    # A subquery with RAND() would be carried out for each row.
    assert finding.fix[0] == "SELECT id, title FROM games WHERE `id` >= ? ORDER BY `id` LIMIT ?"
    assert finding.fix[1].endswith("SELECT MIN(`id`), MAX(`id`) FROM `shop`.`games`.")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("SELECT id FROM small ORDER BY RAND() LIMIT ?", 50),
        ("SELECT id FROM games WHERE home_id = ? ORDER BY RAND() LIMIT ?", 50),
        ("SELECT id FROM games WHERE score > RAND() ORDER BY id LIMIT ?", WHOLE),
    ],
)
def test_sorting_few_rows_by_chance_is_no_fault(text: str, read: int) -> None:
    assert found(order_by_random, text, read) == []


def test_or_over_two_columns_becomes_a_union_of_searches() -> None:
    (finding,) = found(
        or_across_columns, "SELECT id, title FROM games WHERE home_id = ? OR away_id = ?", given=60
    )
    assert finding.object.startswith("shop.games(home_id, away_id) in ")
    assert finding.fix == (
        "ALTER TABLE `shop`.`games` ADD INDEX `ix_games_away_id` (`away_id`)",
        (
            "SELECT id, title FROM games WHERE home_id = ? UNION "
            "SELECT id, title FROM games WHERE away_id = ?"
        ),
    )


def test_or_over_two_tables_asks_for_no_index_that_is_there() -> None:
    text = (
        "SELECT g.id FROM games g JOIN teams t ON t.id = g.home_id WHERE g.slug = ? OR t.phone = ?"
    )
    (finding,) = found(or_across_columns, text, 2 * WHOLE, 3)
    assert finding.fix[:-1] == ("ALTER TABLE `shop`.`games` ADD INDEX `ix_games_slug` (`slug`)",)
    assert "OR over slug and phone of games and teams" in finding.cause


def test_or_beside_other_conditions_keeps_them_on_each_side() -> None:
    (finding,) = found(
        or_across_columns,
        "SELECT id FROM games WHERE state = ? AND (home_id = ? OR away_id = ?) ORDER BY id LIMIT ?",
        given=5,
    )
    assert finding.fix[-1] == (
        "SELECT id FROM games WHERE state = ? AND home_id = ? UNION "
        "SELECT id FROM games WHERE state = ? AND away_id = ? ORDER BY id LIMIT ?"
    )


@pytest.mark.parametrize(
    ("text", "read", "given"),
    [
        ("SELECT id FROM games WHERE away_id = ? OR away_id = ?", WHOLE, 60),
        ("SELECT id FROM games WHERE home_id = ? OR phone = ?", 60, 60),
        ("SELECT id FROM games WHERE state = ? OR score > ?", WHOLE, 70_000),
        ("SELECT COUNT(*) FROM games WHERE state = ? OR score > ?", WHOLE, 1),
        ("SELECT id FROM small WHERE a = ? OR b = ?", 50, 1),
        ("SELECT id FROM games WHERE away_id = ? AND (score = ? OR state = ?)", WHOLE, 6),
        ("SELECT id FROM games WHERE slug = ? OR home_id = away_id", WHOLE, 6),
        ("SELECT id FROM games WHERE slug = ? OR slug != title", WHOLE, 6),
    ],
)
def test_or_that_needs_no_union_is_no_fault(text: str, read: int, given: int) -> None:
    assert found(or_across_columns, text, read, given) == []


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (
            (
                "SELECT t.id, (SELECT COUNT(*) FROM games g WHERE g.away_id = t.id "
                "AND g.score > ?) FROM teams t"
            ),
            (
                "SELECT t.id, COALESCE(d.joined_value, 0) FROM teams AS t LEFT JOIN "
                "(SELECT g.away_id AS joined_key, COUNT(*) AS joined_value FROM games AS g "
                "WHERE g.score > ? GROUP BY g.away_id) AS d ON d.joined_key = t.id"
            ),
        ),
        (
            "SELECT t.id FROM teams t WHERE EXISTS (SELECT 1 FROM games g WHERE g.away_id = t.id)",
            "SELECT t.id FROM teams AS t WHERE t.id IN (SELECT g.away_id FROM games AS g)",
        ),
        (
            (
                "SELECT g.id FROM games g WHERE g.score > (SELECT AVG(x.score) FROM games x "
                "WHERE x.home_id = g.home_id)"
            ),
            (
                "SELECT g.id FROM games AS g LEFT JOIN (SELECT x.home_id AS joined_key, "
                "AVG(x.score) AS joined_value FROM games AS x GROUP BY x.home_id) AS d "
                "ON d.joined_key = g.home_id WHERE g.score > d.joined_value"
            ),
        ),
    ],
)
def test_a_subquery_for_each_row_is_joined_once(text: str, fix: str) -> None:
    (finding,) = found(dependent_subquery, text, 5_000_000, 100)
    assert finding.fix == (fix,)


LATEST = (
    "SELECT g.id FROM games g WHERE g.state = ? AND g.starts_at = "
    "(SELECT MAX(i.starts_at) FROM games i WHERE i.home_id = g.home_id)"
)


def test_an_aggregate_that_is_looked_up_for_many_rows_is_a_remark() -> None:
    (finding,) = found(
        dependent_subquery, LATEST, 120_000, 500, distinct={"games.state": 5, "games.home_id": 900}
    )
    assert (finding.severity, finding.evidence["searches_a_run"]) == ("info", 20_000)
    assert (
        "JOIN (SELECT i.home_id AS joined_key, MAX(i.starts_at) AS joined_value" in finding.fix[0]
    )


@pytest.mark.parametrize(
    ("read", "states"),
    [pytest.param(120_000, 5_000, id="few rows ask"), pytest.param(20_000, 5, id="little is read")],
)
def test_an_aggregate_that_is_looked_up_for_few_rows_is_no_fault(read: int, states: int) -> None:
    distinct = {"games.state": states}
    assert found(dependent_subquery, LATEST, read, 5, distinct=distinct) == []


CHANGE = "UPDATE games SET score = ? WHERE home_id IN (SELECT id FROM teams WHERE name = ?)"
REMOVAL = "DELETE FROM games WHERE home_id IN (SELECT id FROM teams WHERE name = ?)"


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (
            CHANGE,
            (
                "UPDATE games JOIN "
                "(SELECT DISTINCT id AS joined_key FROM teams WHERE name = ?) AS d "
                "ON games.home_id = d.joined_key SET score = ?"
            ),
        ),
        (
            REMOVAL,
            (
                "DELETE games FROM games JOIN "
                "(SELECT DISTINCT id AS joined_key FROM teams WHERE name = ?) "
                "AS d ON games.home_id = d.joined_key"
            ),
        ),
    ],
)
def test_a_change_that_looks_each_row_up_is_named(text: str, fix: str) -> None:
    (finding,) = found(dependent_subquery, text, 1.1 * WHOLE, 3)
    assert finding.fix == (fix,)
    assert finding.expected_gain == "finds the rows of games by an index in place of reading all"


@pytest.mark.parametrize(
    "text",
    [
        f"{CHANGE} ORDER BY score LIMIT 5",
        "UPDATE games g SET score = ? WHERE home_id IN (SELECT id FROM teams t WHERE t.id = g.id)",
        f"{REMOVAL} OR score = ?",
    ],
)
def test_a_change_that_cannot_be_a_join_is_left_to_a_person(text: str) -> None:
    assert decorrelated(text).startswith("Compute the subquery once")


def test_a_change_of_most_rows_or_on_a_server_that_joins_it_is_no_fault() -> None:
    assert found(dependent_subquery, CHANGE, 1.1 * WHOLE, 50_000) == []
    assert found(dependent_subquery, CHANGE, 30, 3) == []
    newer = {"version": (11, 4, 2)}
    assert found(dependent_subquery, CHANGE, 1.1 * WHOLE, 3, server=newer) == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param(
            "SELECT t.id, (SELECT COUNT(*) FROM games g WHERE g.home_id = t.id) FROM teams t "
            "WHERE t.id = ?",
            51,
            id="cheap by an index",
        ),
        pytest.param(
            "SELECT id FROM teams t WHERE EXISTS (SELECT 1 FROM games g WHERE g.home_id = t.id)",
            2 * WHOLE - 1,
            id="carried out as a join",
        ),
        pytest.param(
            "SELECT id FROM teams WHERE id IN (SELECT home_id FROM games WHERE score > ?)",
            900_000,
            id="not dependent",
        ),
    ],
)
def test_a_subquery_that_reads_little_is_no_fault(text: str, read: int) -> None:
    assert found(dependent_subquery, text, read, 10) == []
