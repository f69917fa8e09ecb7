from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from dbsbm.optimizer.statements.reader import read_shape
from dbsbm.optimizer.statements.shape import Operand, Predicate, Shape
from tests.unit.optimizer.cases import case

TABLES = case(
    """
    CREATE TABLE users (id int unsigned PRIMARY KEY, name varchar(40), country char(2), bio text);
    CREATE TABLE bets (id bigint unsigned PRIMARY KEY, user_id int unsigned, state varchar(10),
        note text, amount decimal(10,2), placed datetime);
    CREATE TABLE audit.log (id int PRIMARY KEY, user_id int, name varchar(40));
    """
).snapshot.tables


def read(text: str, schema: str = "shop") -> Shape:
    shape = read_shape(text, schema, TABLES)
    assert shape is not None, text
    return shape


def spell(predicates: Iterable[Predicate]) -> Iterator[str]:
    """Predicates as `[function(]source.column op operand`, which is all that most tests ask for."""
    for each in predicates:
        column = f"{each.column.source}.{each.column.column}"
        operand = each.operand.name
        if each.other is not None:
            operand = f"{each.other.source}.{each.other.column}"
        size = "" if each.size is None else f" {each.size}"
        wrapped = f"{each.wrapped}(" if each.wrapped else ""
        yield f"{wrapped}{column} {each.op} {operand}{size}"


def found(text: str) -> list[str]:
    return list(spell(read(text).predicates))


@pytest.mark.parametrize(
    ("text", "predicates"),
    [
        # MariaDB's digests write what is a keyword in capitals and without quotes.
        (
            "SELECT * FROM `users` WHERE `lower` ( NAME ) = ? AND ID IN (?) AND `country` IN (...)",
            ["lower(users.name = VALUE", "users.id in LIST 1", "users.country in LIST"],
        ),
        (
            "SELECT ID FROM `bets` WHERE ( `user_id` , `state` ) IN ( (...) /* , ... */ )",
            ["bets.user_id in LIST", "bets.state in LIST"],
        ),
        (
            ("SELECT IF ( `state` = ?, ... ) FROM `bets` WHERE `placed` > NOW ( ) - "
            "INTERVAL ? SQL_TSI_DAY AND ? = ? "),
            ["bets.placed > VALUE"],
        ),
        ("DELETE FROM `bets` WHERE ID = - ? ", ["bets.id = VALUE"]),
        # MySQL's
        (
            "SELECT * FROM `shop` . `bets` AS `b` WHERE `b` . `id` IN (...) LIMIT ?, ... ",
            ["b.id in LIST"],
        ),
        # the monitor's
        ("SELECT id FROM bets WHERE user_id IN (?+) AND state = ?",
         ["bets.user_id in LIST", "bets.state = VALUE"]),
        # with literals
        (
            "SELECT id FROM bets WHERE user_id IN (1, 2, 3) AND 'won' = state AND amount > -5",
            ["bets.user_id in LIST 3", "bets.state = TEXT", "bets.amount > NUMBER"],
        ),
        ("SELECT id FROM bets WHERE 5 < amount", ["bets.amount > NUMBER"]),
        ("SELECT id FROM bets WHERE (user_id, id) > (1, 2)", ["bets.user_id >= NUMBER"]),
        (
            "SELECT id FROM bets WHERE (user_id, state) = (1, 'a')",
            ["bets.user_id = NUMBER", "bets.state = TEXT"],
        ),
        ("SELECT id FROM bets WHERE state = 'a' OR (state = 'b' OR state IN ('c', 'd'))",
         ["bets.state in LIST 4"]),
        (
            ("SELECT id FROM bets WHERE note IS NULL AND state IS NOT NULL AND NOT state LIKE 'a' "
            "AND NOT (user_id NOT IN (1)) AND amount <=> 5 AND state <> 'x' AND note REGEXP 'y' "
            "AND note NOT LIKE 'z'"),
            [
                "bets.note is null VALUE",
                "bets.state is not null VALUE",
                "bets.state not like TEXT",
                "bets.user_id in LIST 1",
                "bets.amount <=> NUMBER",
                "bets.state != TEXT",
                "bets.note regexp VALUE",
                "bets.note not like TEXT",
            ],
        ),
        (
            ("SELECT id FROM bets WHERE DATE(placed) = '2026-01-01' AND amount + 1 > 5 "
            "AND state COLLATE utf8mb4_bin = 'a' AND CAST(user_id AS CHAR) = '5' "
            "AND YEAR(placed) BETWEEN 2025 AND 2026 AND -amount < 4"),
            [
                "date(bets.placed = TEXT",
                "+(bets.amount > NUMBER",
                "collate(bets.state = TEXT",
                "cast(bets.user_id = TEXT",
                "year(bets.placed between NUMBER",
                "-(bets.amount < NUMBER",
            ],
        ),
        # two columns of one table narrow nothing together
        ("SELECT id FROM bets WHERE amount + user_id > 5", []),
        ("SELECT id FROM bets WHERE amount = user_id",
         ["bets.amount = bets.user_id", "bets.user_id = bets.amount"]),
    ],
)  # fmt: skip
def test_conditions_are_read_in_every_spelling(text: str, predicates: list[str]) -> None:
    assert found(text) == predicates


@pytest.mark.parametrize(
    ("text", "predicates"),
    [
        (
            "SELECT 1 FROM bets b JOIN users u ON u.id = b.user_id WHERE country = ?",
            ["u.country = VALUE", "u.id = b.user_id", "b.user_id = u.id"],
        ),
        (
            "SELECT 1 FROM bets b, users WHERE users.id = user_id",
            ["users.id = b.user_id", "b.user_id = users.id"],
        ),
        (
            "SELECT 1 FROM bets JOIN audit.log USING (user_id)",
            ["bets.user_id = log.user_id", "log.user_id = bets.user_id"],
        ),
        # an outer join looks up its inner table alone
        (
            "SELECT 1 FROM users u LEFT JOIN bets b ON u.id = b.user_id AND b.state = ?",
            ["b.user_id = u.id", "b.state = VALUE"],
        ),
        ("SELECT 1 FROM bets b RIGHT JOIN users u ON u.id = b.user_id", ["b.user_id = u.id"]),
        (
            "SELECT 1 FROM (bets b JOIN users u ON u.id = b.user_id) WHERE DATE(b.placed) = u.name",
            ["date(b.placed = u.name", "u.name = b.placed", "u.id = b.user_id", "b.user_id = u.id"],
        ),
        (
            "UPDATE bets b JOIN users u ON u.id = b.user_id SET b.state = ? WHERE u.name = ?",
            ["u.name = VALUE", "u.id = b.user_id", "b.user_id = u.id"],
        ),
        (
            "DELETE b FROM bets b JOIN users u ON u.id = b.user_id WHERE u.name = ?",
            ["u.name = VALUE", "u.id = b.user_id", "b.user_id = u.id"],
        ),
    ],
)
def test_joins_are_conditions_on_both_tables(text: str, predicates: list[str]) -> None:
    assert found(text) == predicates


def test_or_over_columns_is_kept_as_alternatives() -> None:
    shape = read("SELECT id FROM bets WHERE amount > 1 AND (user_id = ? OR (state = ? AND id = ?))")
    assert list(spell(shape.predicates)) == ["bets.amount > NUMBER"]
    sides = [list(spell(side)) for side in shape.alternatives]
    assert sides == [["bets.user_id = VALUE"], ["bets.state = VALUE", "bets.id = VALUE"]]
    assert not read("SELECT id FROM bets WHERE user_id = ? OR id + amount > ?").alternatives


@pytest.mark.parametrize(
    ("pattern", "leading"),
    [("'%won'", True), ("'_x'", True), ("'won%'", False), ("?", False),
     ("CONCAT('%', ?)", True), ("CONCAT(?, '%')", False)],
)  # fmt: skip
def test_a_leading_wildcard_is_seen_where_the_pattern_is_known(pattern: str, leading: bool) -> None:
    (predicate,) = read(f"SELECT id FROM bets WHERE state LIKE {pattern}").predicates
    assert (predicate.op, predicate.leading_wildcard) == ("like", leading)


@pytest.mark.parametrize(
    ("text", "order", "limit", "offset"),
    [
        ("SELECT * FROM bets ORDER BY placed DESC, id LIMIT 5, 10",
         [("placed", True), ("id", False)], 10, 5),
        ("SELECT id, placed p FROM bets ORDER BY p, 1 LIMIT 10",
         [("placed", False), ("id", False)], 10, None),
        ("SELECT * FROM bets ORDER BY placed LIMIT ? OFFSET ?", [("placed", False)], -1, -1),
        ("SELECT * FROM bets ORDER BY placed LIMIT ?, ...", [("placed", False)], -1, -1),
        ("DELETE FROM bets ORDER BY id LIMIT 100", [("id", False)], 100, None),
        ("SELECT * FROM bets ORDER BY NULL", [], None, None),
    ],
)  # fmt: skip
def test_order_and_limits(
    text: str, order: list[tuple[str, bool]], limit: int | None, offset: int | None
) -> None:
    shape = read(text)
    assert [(each.column.column, each.descending) for each in shape.order] == order
    assert (shape.limit, shape.offset) == (limit, offset)
    assert not shape.sorts_expression


def test_what_is_sorted_by_no_column() -> None:
    assert read("SELECT * FROM `bets` ORDER BY `rand` ( ) LIMIT ?").random_order
    by_sum = read("SELECT state, SUM(amount) s FROM bets GROUP BY state ORDER BY s DESC")
    assert by_sum.sorts_expression
    assert not by_sum.order
    assert read("SELECT id FROM bets ORDER BY placed, amount * 2").sorts_expression
    assert read("SELECT id FROM bets ORDER BY placed, amount * 2").order == ()


def test_groups_stars_and_columns() -> None:
    shape = read("SELECT b.*, u.name FROM bets b JOIN users u ON u.id = b.user_id")
    assert [each.name for each in shape.stars] == ["b"]
    assert [each.column for each in shape.selected] == ["name"]
    assert {f"{each.source}.{each.column}" for each in shape.read} == {
        *("u.name", "u.id", "b.user_id")
    }
    grouped = read("SELECT state s, COUNT(*) FROM bets GROUP BY s")
    assert [each.column for each in grouped.group] == ["state"]
    assert grouped.aggregates
    assert not read("SELECT DISTINCT state FROM bets").aggregates
    assert read("SELECT DISTINCT state FROM bets").distinct
    counted = read("SELECT SQL_CALC_FOUND_ROWS DISTINCTROW state FROM bets LIMIT ?, ...")
    assert (counted.distinct, counted.counts_all, counted.limit) == (True, True, -1)
    assert [each.column for each in read("UPDATE bets SET state=?, note=?").written] == [
        "state",
        "note",
    ]


@pytest.mark.parametrize(
    ("text", "place", "correlated"),
    [
        ("SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM bets WHERE user_id = u.id)",
         "exists", True),
        ("SELECT * FROM users WHERE id IN (SELECT user_id FROM bets)", "in", False),
        ("SELECT * FROM users WHERE id = ANY (SELECT user_id FROM bets)", "in", False),
        ("SELECT name, (SELECT MAX(placed) FROM bets b WHERE b.user_id = users.id) FROM users",
         "scalar", True),
        ("SELECT * FROM users WHERE id = (SELECT MAX(user_id) FROM bets)", "scalar", False),
        ("SELECT * FROM (SELECT user_id, SUM(amount) FROM bets GROUP BY user_id) b", "from", False),
        ("WITH b AS (SELECT user_id FROM bets) SELECT * FROM b", "from", False),
        ("INSERT INTO users (id) SELECT user_id FROM bets", "from", False),
        ("SELECT id FROM bets WHERE state = 'a' UNION ALL SELECT id FROM users", "union", False),
        ("DELETE FROM users WHERE id NOT IN (SELECT user_id FROM bets)", "in", False),
    ],
)  # fmt: skip
def test_subqueries_have_a_place_and_a_correlation(text: str, place: str, correlated: bool) -> None:
    inner = read(text).subqueries[0]
    assert (inner.place, inner.correlated) == (place, correlated)
    assert [each.table for each in inner.sources] == ["bets"]


def test_a_correlated_column_is_no_condition_of_the_inner_tables_alone() -> None:
    shape = read("SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM bets WHERE user_id = u.id)")
    (inner,) = shape.subqueries
    assert list(spell(inner.predicates)) == ["bets.user_id = u.id"]
    assert {each.column for each in shape.read} == {"id"}


def test_derived_columns_hide_those_of_tables() -> None:
    shape = read("SELECT id FROM (SELECT id, user_id FROM bets) b WHERE id = 5 AND b.user_id = 3")
    assert shape.predicates == ()
    assert found("SELECT 1 FROM users, (SELECT user_id FROM bets) b WHERE name = 'x'") == [
        "users.name = TEXT"
    ]


def test_names_are_found_in_other_schemas_and_cases() -> None:
    shape = read("SELECT ID FROM AUDIT.LOG L WHERE l.NAME = ?", "")
    assert shape.sources[0].schema == "audit"
    assert list(spell(shape.predicates)) == ["L.name = VALUE"]
    doubtful = read("SELECT 1 FROM users, audit.log WHERE name = ?")
    assert doubtful.predicates == ()


def test_a_condition_is_spelled_without_its_literals() -> None:
    shape = read("SELECT id FROM bets WHERE state = 'hunter2' AND user_id IN (41, 42)")
    assert [each.sql for each in shape.predicates] == ["state = ?", "user_id IN (?+)"]
    assert "hunter2" not in repr(shape)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("INSERT INTO `users` ( NAME ) VALUES (?) /* , ... */ ", "insert"),
        ("INSERT IGNORE INTO users (name) VALUES (?+) ON DUPLICATE KEY UPDATE name = ?", "insert"),
        ("REPLACE INTO `users` ( NAME ) VALUES (...) ", "replace"),
    ],
)
def test_inserts_name_what_they_write(text: str, verb: str) -> None:
    shape = read(text)
    assert shape.verb == verb
    assert [each.column for each in shape.written] == ["name"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT `b` . `id` FROM `bets` `b` WHERE `b` . `state` = ? AND `b` . ...",
        "SELECT id FROM bets WHERE",
        "SELECT FROM WHERE",
        "COMMIT",
        "SET NAMES utf8mb4",
        "SELECT ?",
        "SELECT * FROM nowhere WHERE id = ?",
        "SELECT id FROM bets WHERE " + "(" * 5000,
        "",
    ],
)
def test_what_cannot_be_understood_has_no_shape(text: str) -> None:
    assert read_shape(text, "shop", TABLES) is None


def test_lists_have_known_operands() -> None:
    (predicate,) = read("SELECT id FROM bets WHERE user_id IN (SELECT id FROM users)").predicates
    assert predicate.operand is Operand.SUBQUERY


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SELECT MAX(placed) FROM bets WHERE user_id = ?", {"placed"}),
        ("SELECT MIN(id) AS low, MAX(id) FROM bets", {"id"}),
        ("SELECT MAX(placed), COUNT(*) FROM bets", set()),
        ("SELECT user_id, MAX(placed) FROM bets GROUP BY user_id", set()),
        ("SELECT MAX(placed) FROM bets GROUP BY user_id", set()),
        ("SELECT MAX(amount * 2) FROM bets", set()),
        ("SELECT placed FROM bets", set()),
    ],
)
def test_the_least_and_the_greatest_are_seen_where_nothing_else_is_asked_for(
    text: str, columns: set[str]
) -> None:
    assert {each.column for each in read(text).extremes} == columns
