from __future__ import annotations

from typing import Any

import pytest

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import Missing, NotEnabledError
from dbsbm.optimizer.rules.indexes import missing
from dbsbm.optimizer.server.case import Access, Plan
from tests.unit.optimizer.cases import case

ORDERS = """
CREATE TABLE orders (
  id BIGINT PRIMARY KEY AUTO_INCREMENT, customer_id BIGINT NOT NULL, state VARCHAR(12) NOT NULL,
  placed_at DATETIME NOT NULL, total DECIMAL(10,2) NOT NULL, paid TINYINT NOT NULL, note TEXT
  {})
"""
CUSTOMERS = "CREATE TABLE customers (id BIGINT PRIMARY KEY, name VARCHAR(40), country CHAR(2))"
DISTINCT = {
    "orders.customer_id": 2_000,
    "orders.state": 4,
    "orders.paid": 2,
    "orders.placed_at": 90_000,
    "orders.customer_id,state": 7_000,
    "orders.customer_id,placed_at": 99_000,
}


def found(
    indexes: str, *load: tuple[str, int, int], calls: int = 100, rows: int = 100_000, **more: Any
) -> list[Finding]:
    """Findings for statements, each with the rows that a run reads and gives."""
    texts = [
        (text, {"calls": calls, "rows_examined": read * calls, "rows_sent": sent * calls})
        for text, read, sent in load
    ]
    orders = ORDERS.format(f", {indexes}" if indexes else "")
    return missing.examine(
        case(f"{orders}; {CUSTOMERS}", texts, rows=rows, distinct=DISTINCT, **more)
    )


def objects(findings: list[Finding]) -> list[str]:
    return [finding.object for finding in findings]


@pytest.mark.parametrize(
    ("indexes", "text", "read", "sent", "expected"),
    [
        pytest.param(
            "", "SELECT id, total FROM orders WHERE customer_id = ?", 100_000, 50,
            "shop.orders(customer_id)", id="equality",
        ),
        pytest.param(
            "", "SELECT id, note FROM orders WHERE placed_at BETWEEN ? AND ?", 100_000, 40,
            "shop.orders(placed_at)", id="range",
        ),
        pytest.param(
            "", "SELECT id FROM orders WHERE customer_id = ? AND placed_at >= ?", 100_000, 9,
            "shop.orders(customer_id, placed_at)", id="equality, then range",
        ),
        pytest.param(
            "", "SELECT id FROM orders WHERE placed_at >= ? AND state = ? AND customer_id = ?",
            100_000, 3, "shop.orders(customer_id, state, placed_at)", id="equalities before range",
        ),
        pytest.param(
            "", "SELECT id, note FROM orders ORDER BY placed_at DESC LIMIT ?", 100_000, 20,
            "shop.orders(placed_at)", id="order",
        ),
        pytest.param(
            "KEY c (customer_id)",
            "SELECT id, note FROM orders WHERE paid = ? ORDER BY placed_at DESC LIMIT ?",
            100_020, 20, "shop.orders(paid, placed_at)", id="flag, then order",
        ),
        pytest.param(
            "KEY s (state)",
            "SELECT id, note FROM orders WHERE state = ? ORDER BY placed_at LIMIT ?",
            25_000, 20, "shop.orders(state, placed_at)", id="an index that is too short",
        ),
        pytest.param(
            "KEY pc (placed_at, customer_id)",
            "SELECT id FROM orders WHERE customer_id = ? AND placed_at > ?",
            60_000, 12, "shop.orders(customer_id, placed_at)", id="columns in the wrong order",
        ),
        pytest.param(
            "",
            "SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer_id = c.id"
            " WHERE c.id = ?",
            100_001, 50, "shop.orders(customer_id)", id="join",
        ),
        pytest.param(
            "",
            "SELECT c.name FROM customers c LEFT JOIN orders o ON o.customer_id = c.id"
            " WHERE c.id IN (?)",
            100_001, 20, "shop.orders(customer_id)", id="outer join",
        ),
        pytest.param(
            "", "DELETE FROM orders WHERE customer_id = ?", 100_000, 20,
            "shop.orders(customer_id)", id="delete",
        ),
        pytest.param(
            "", "UPDATE orders SET paid = ? WHERE customer_id = ?", 100_000, 0,
            "shop.orders(customer_id)", id="update",
        ),
        pytest.param(
            "", "SELECT COUNT(*) FROM orders WHERE customer_id = ?", 100_000, 1,
            "shop.orders(customer_id)", id="count",
        ),
        pytest.param(
            "", "SELECT id FROM orders WHERE state = ?", 100_000, 30,
            "shop.orders(state)", id="few values of which the sought one is rare",
        ),
        pytest.param(
            "",
            "SELECT name FROM customers c WHERE c.country = ? AND EXISTS"
            " (SELECT 1 FROM orders o WHERE o.customer_id = c.id)",
            900_000, 20, "shop.orders(customer_id)", id="subquery",
        ),
    ],
)  # fmt: skip
def test_an_index_that_lacks_is_named(
    indexes: str, text: str, read: int, sent: int, expected: str
) -> None:
    assert expected in objects(found(indexes, (text, read, sent)))


@pytest.mark.parametrize(
    ("indexes", "text", "read", "sent", "more"),
    [
        pytest.param(
            "", "SELECT id FROM orders WHERE customer_id = ?", 800, 1, {"rows": 800},
            id="a small table",
        ),
        pytest.param(
            "", "SELECT id FROM orders WHERE customer_id = ?", 100_000, 50, {"calls": 1},
            id="a question of once",
        ),
        pytest.param(
            "", "SELECT id, note FROM orders WHERE paid = ?", 100_000, 50_000, {},
            id="half of the table",
        ),
        pytest.param(
            "", "SELECT SUM(total) FROM orders WHERE paid = ?", 100_000, 1, {},
            id="the sum of half of the table",
        ),
        pytest.param(
            "", "SELECT state, COUNT(*) FROM orders GROUP BY state", 100_000, 4, {},
            id="a report on all rows",
        ),
        pytest.param(
            "", "SELECT id, note FROM orders WHERE paid = ? LIMIT ?", 40, 20, {},
            id="a limit that ends a scan early",
        ),
        pytest.param(
            "KEY c (customer_id)", "SELECT id FROM orders WHERE customer_id = ? AND state = ?",
            50, 12, {}, id="an index that is good enough",
        ),
        pytest.param(
            "KEY c (customer_id)", "SELECT id FROM orders WHERE customer_id = ?",
            100_000, 50, {}, id="an index that is there and not used",
        ),
        pytest.param(
            "KEY c (customer_id)",
            "SELECT id FROM orders WHERE customer_id = ? ORDER BY id DESC LIMIT ?",
            20, 20, {}, id="an order that the primary key gives",
        ),
        pytest.param(
            "", "SELECT id FROM orders WHERE id = ? AND customer_id = ?", 1, 1, {},
            id="a primary key",
        ),
        pytest.param(
            "", "SELECT id FROM orders WHERE note LIKE ?", 100_000, 3, {},
            id="a pattern that may begin with anything",
        ),
        pytest.param(
            "",
            "SELECT id FROM orders o WHERE total > "
            "(SELECT AVG(total) FROM orders x WHERE x.id = o.id)",
            200_000, 3, {}, id="a bound that each row has for itself",
        ),
        pytest.param(
            "", "SELECT id FROM orders WHERE placed_at < ? ORDER BY RAND() LIMIT ?", 200_000, 5, {},
            id="a bound that may leave all rows",
        ),
        pytest.param(
            "",
            "SELECT SQL_CALC_FOUND_ROWS DISTINCT id FROM orders "
            "WHERE paid = ? ORDER BY placed_at LIMIT ?",
            100_000, 20, {}, id="a limit beyond which rows are counted",
        ),
        pytest.param(
            "", "SELECT id FROM orders WHERE DATE(placed_at) = ?", 100_000, 90, {},
            id="a column within a function",
        ),
    ],
)  # fmt: skip
def test_no_index_is_asked_for_where_none_would_help(
    indexes: str, text: str, read: int, sent: int, more: dict[str, int]
) -> None:
    assert found(indexes, (text, read, sent), **more) == []


@pytest.mark.parametrize(("share", "expected"), [(0.9, []), (0.002, ["shop.orders(note)"])])
def test_rows_without_a_value_are_as_many_as_a_sample_has(
    share: float, expected: list[str]
) -> None:
    text = "SELECT COUNT(*) FROM orders WHERE note IS NULL"
    answers = {"orders.note": share}
    distinct = {**DISTINCT, "orders.note": 90_000}
    load = [(text, {"calls": 100, "rows_examined": 10_000_000, "rows_sent": 100})]
    asked = case(ORDERS.format(""), load, distinct=distinct, nulls=answers)
    assert objects(missing.examine(asked)) == expected


def test_an_order_is_served_beside_a_list_of_values() -> None:
    text = "SELECT id FROM orders WHERE paid = ? AND state IN (...) ORDER BY placed_at DESC LIMIT ?"
    assert objects(found("", (text, 100_000, 20))) == ["shop.orders(paid, placed_at)"]


def test_a_limit_that_is_not_reached_ends_nothing() -> None:
    text = "SELECT id FROM orders WHERE state LIKE ? LIMIT ?"
    sample = "SELECT id FROM orders WHERE state LIKE 'returned %' LIMIT 20"
    load = {"calls": 100, "rows_examined": 10_000_000, "rows_sent": 100, "sample": sample}
    assert objects(missing.examine(case(ORDERS.format(""), [(text, load)]))) == [
        "shop.orders(state)"
    ]
    often = {**load, "rows_sent": 2_000}
    assert objects(missing.examine(case(ORDERS.format(""), [(text, often)]))) == []


def test_a_scan_for_each_row_around_it_reads_the_pages_of_all_of_them() -> None:
    text = (
        "SELECT COUNT(*) FROM customers c WHERE c.country = ? AND c.id > "
        "(SELECT AVG(o.total) FROM orders o WHERE o.customer_id = c.id)"
    )
    assert objects(found("", (text, 60_000_000, 1), calls=3)) == ["shop.orders(customer_id)"]


def test_each_index_of_a_statement_counts_what_it_saves_beyond_the_others() -> None:
    text = (
        "SELECT COUNT(*) FROM customers c JOIN orders o ON o.customer_id = c.id "
        "WHERE c.country = ? AND o.note LIKE ?"
    )
    load = [(text, {"calls": 200, "rows_examined": 200 * 50_000_000, "rows_sent": 200})]
    distinct = {"orders.customer_id": 50_000, "customers.country": 200}
    tables = f"{ORDERS.format('')}; {CUSTOMERS}"
    rows = {"orders": 100_000, "customers": 20_000}
    first, second = missing.examine(case(tables, load, rows=rows, distinct=distinct))
    assert (first.object, first.severity) == ("shop.orders(customer_id)", "critical")
    assert (second.object, second.severity) == ("shop.customers(country)", "info")
    assert second.evidence["rows_a_run"] == first.evidence["expected_rows_a_run"] < 100_000


def test_a_limit_ends_a_join_where_the_first_table_is_read_in_order() -> None:
    join = "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id"
    order = "ORDER BY o.placed_at DESC LIMIT ?"
    assert objects(found("", (f"{join} WHERE o.state = ? {order}", 125_000, 20))) == [
        "shop.orders(state, placed_at)"
    ]
    # What only a few rows of the other table meet may be far down in that order.
    distinct = {**DISTINCT, "customers.country": 5_000}
    filtered = f"{join} WHERE o.state = ? AND c.country = ? {order}"
    load = [(filtered, {"calls": 100, "rows_examined": 12_500_000, "rows_sent": 2_000})]
    asked = case(f"{ORDERS.format('')}; {CUSTOMERS}", load, distinct=distinct)
    assert "shop.orders(state, placed_at)" not in objects(missing.examine(asked))


def test_one_index_serves_statements_of_which_one_is_the_beginning_of_the_other() -> None:
    findings = found(
        "",
        ("SELECT id, note FROM orders WHERE customer_id = ?", 100_000, 50),
        ("SELECT id FROM orders WHERE customer_id = ? ORDER BY placed_at LIMIT ?", 100_000, 10),
    )
    assert objects(findings) == ["shop.orders(customer_id, placed_at)"]
    assert len(findings[0].evidence["statements"]) == 2


def test_an_index_that_begins_the_same_is_extended() -> None:
    (finding,) = found(
        "KEY by_state (state)",
        ("SELECT id, note FROM orders WHERE state = ? ORDER BY placed_at LIMIT ?", 25_000, 20),
    )
    assert finding.fix == (
        (
            "ALTER TABLE `shop`.`orders` ADD INDEX `ix_orders_state_placed_at` "
            "(`state`, `placed_at`), DROP INDEX `by_state`"
        ),
    )
    assert finding.revert == (
        (
            "ALTER TABLE `shop`.`orders` DROP INDEX `ix_orders_state_placed_at`, "
            "ADD INDEX `by_state` (`state`)"
        ),
    )


def test_an_index_is_not_extended_where_a_statement_reads_it_in_the_order_of_the_key() -> None:
    (finding,) = found(
        "KEY by_state (state)",
        ("SELECT id, note FROM orders WHERE state = ? ORDER BY placed_at LIMIT ?", 25_000, 20),
        ("SELECT id, note FROM orders WHERE state = ? ORDER BY id LIMIT ?", 20, 20),
    )
    assert "DROP" not in finding.fix[0]


def test_an_index_that_has_the_column_in_second_place_is_named() -> None:
    (finding,) = found(
        "KEY sc (state, customer_id)",
        ("SELECT id, note FROM orders WHERE customer_id = ?", 100_000, 50),
    )
    assert finding.evidence["wrong_order"] == ["sc"]


def test_an_index_with_its_columns_in_the_wrong_order_is_named() -> None:
    (finding,) = found(
        "KEY pc (placed_at, customer_id)",
        ("SELECT id FROM orders WHERE customer_id = ? AND placed_at > ?", 60_000, 12),
    )
    assert finding.evidence["wrong_order"] == ["pc"]
    assert "pc has these columns in an order" in finding.cause


def test_a_table_that_is_written_much_and_read_little_is_left_alone() -> None:
    orders = ORDERS.format("")
    load = [
        ("INSERT INTO orders (customer_id) VALUES (?)", {"calls": 900_000}),
        (
            "SELECT id, note FROM orders WHERE customer_id = ?",
            {"calls": 10, "rows_examined": 1_000_000, "rows_sent": 500},
        ),
    ]
    assert missing.examine(case(orders, load, distinct=DISTINCT)) == []


def test_an_index_holds_a_narrow_column_more_where_many_rows_are_fetched_for_it() -> None:
    (finding,) = found(
        "KEY s (state)",
        ("SELECT SUM(total) FROM orders WHERE state = ?", 25_000, 1),
    )
    assert finding.object == "shop.orders(state, total)"
    assert "fetches none of the 25,000 rows" in finding.expected_gain


@pytest.mark.parametrize(
    "text",
    [
        "SELECT SUM(LENGTH(note)) FROM orders WHERE state = ?",
        "SELECT * FROM orders WHERE state = ?",
        "SELECT COUNT(*) FROM orders WHERE state = ?",
    ],
)
def test_no_index_is_made_to_hold_wide_columns_all_of_them_or_what_it_holds(text: str) -> None:
    assert found("KEY s (state)", (text, 25_000, 25_000)) == []


def test_each_side_of_a_union_has_its_own_index() -> None:
    union = (
        "SELECT id, note FROM orders WHERE customer_id = ? UNION "
        "SELECT id, note FROM orders WHERE placed_at = ?"
    )
    assert set(objects(found("", (union, 200_000, 51)))) == {
        "shop.orders(customer_id)",
        "shop.orders(placed_at)",
    }


OPEN = "SELECT COUNT(*) FROM orders WHERE placed_at >= ?"


def test_a_count_over_an_open_range_is_served_by_an_index_that_holds_all_it_reads() -> None:
    assert objects(found("", (OPEN, 100_000, 1))) == ["shop.orders(placed_at)"]


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        pytest.param("SELECT note FROM orders WHERE placed_at >= ?", 40_000, id="sends many"),
        pytest.param("SELECT MAX(note) FROM orders WHERE placed_at >= ?", 1, id="reads the row"),
        pytest.param(f"{OPEN} GROUP BY placed_at", 30_000, id="groups"),
        pytest.param("SELECT COUNT(*) FROM orders WHERE placed_at != ?", 1, id="no range"),
    ],
)
def test_an_open_range_that_may_hold_most_rows_asks_for_no_index(text: str, sent: int) -> None:
    assert found("", (text, 100_000, sent)) == []


def test_the_name_of_the_new_index_is_free() -> None:
    (finding,) = found(
        "KEY ix_orders_customer_id (paid)",
        ("SELECT id, note FROM orders WHERE customer_id = ?", 100_000, 50),
    )
    assert "`ix_orders_customer_id_2`" in finding.fix[0]


def test_a_long_text_is_indexed_by_its_beginning() -> None:
    (finding,) = found("", ("SELECT id FROM orders WHERE note = ?", 100_000, 1))
    assert "(`note`(64))" in finding.fix[0]


def test_without_a_load_the_rule_cannot_look() -> None:
    with pytest.raises(NotEnabledError, match="off"):
        missing.examine(case(CUSTOMERS, Missing("It is off.")))


JOIN = "SELECT c.name FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.name = ?"


def test_rows_that_a_join_buffer_hides_are_told_by_the_plan() -> None:
    plan = Plan((Access("c", "ref", rows=5), Access("o", "ALL", rows=100_000)))
    seen = {"calls": 100, "rows_examined": 500, "rows_sent": 200, "unindexed": 100}
    named = "CREATE TABLE customers (id BIGINT PRIMARY KEY, name VARCHAR(40), KEY n (name))"
    tables = f"{ORDERS.format('')}; {named}"
    distinct = {**DISTINCT, "customers.name": 20_000}
    judged = case(tables, [(JOIN, seen)], plans={JOIN: plan}, distinct=distinct)
    assert objects(missing.examine(judged)) == ["shop.orders(customer_id)"]


def test_a_join_that_uses_indexes_hides_nothing() -> None:
    plan = Plan((Access("c", "ref", rows=5), Access("o", "ALL", rows=100_000)))
    seen = {"calls": 100, "rows_examined": 500, "rows_sent": 200, "unindexed": 0}
    tables = f"{ORDERS.format('')}; {CUSTOMERS}"
    assert missing.examine(case(tables, [(JOIN, seen)], plans={JOIN: plan})) == []


@pytest.mark.parametrize(
    ("text", "read", "sent", "expected"),
    [
        pytest.param(
            "SELECT MAX(placed_at) FROM orders WHERE state = ?", 100_000, 1,
            ["shop.orders(state, placed_at)"], id="the greatest",
        ),
        pytest.param(
            "SELECT MIN(placed_at), MAX(placed_at) FROM orders WHERE state = ?", 100_000, 1,
            ["shop.orders(state, placed_at)"], id="the least and the greatest",
        ),
        pytest.param(
            "SELECT id, total FROM orders WHERE state = ?", 100_000, 9_000,
            ["shop.orders(state, total)"], id="a narrow column of many rows",
        ),
        pytest.param(
            "SELECT paid, SUM(total) FROM orders WHERE customer_id = ? AND placed_at > ?"
            " GROUP BY paid", 100_000, 2,
            ["shop.orders(customer_id, placed_at)"], id="few rows, of which no column is held",
        ),
        pytest.param(
            "SELECT id, note FROM orders WHERE state = ?", 100_000, 9_000,
            [], id="a wide column of many rows",
        ),
        pytest.param(
            "SELECT * FROM orders WHERE state = ?", 100_000, 9_000,
            [], id="all columns of many rows",
        ),
        pytest.param(
            "SELECT id, note FROM orders WHERE state = ?", 100_000, 100,
            ["shop.orders(state)"], id="a wide column of few rows",
        ),
    ],
)  # fmt: skip
def test_an_index_is_judged_by_the_pages_that_are_read_with_it(
    text: str, read: int, sent: int, expected: list[str]
) -> None:
    assert objects(found("", (text, read, sent))) == expected


def test_what_rows_are_grouped_by_comes_first_of_what_an_index_holds_besides() -> None:
    table = ORDERS.format("").replace(
        "total DECIMAL(10,2) NOT NULL, paid TINYINT NOT NULL",
        "amount INT NOT NULL, paid TINYINT NOT NULL",
    )
    text = "SELECT paid, SUM(amount) FROM orders WHERE region = ? GROUP BY paid"
    tables = table.replace("state VARCHAR(12)", "region VARCHAR(12)")
    seen = {"calls": 100, "rows_examined": 10_000_000, "rows_sent": 200}
    (finding,) = missing.examine(case(tables, [(text, seen)], distinct={"orders.region": 12}))
    assert finding.object == "shop.orders(region, paid, amount)"


def test_a_column_that_statements_change_is_not_held_besides() -> None:
    change = ("UPDATE orders SET total = ? WHERE id = ?", {"calls": 900, "rows_examined": 900})
    text = "SELECT id, total FROM orders WHERE state = ?"
    seen = {"calls": 100, "rows_examined": 10_000_000, "rows_sent": 900_000}
    judged = case(ORDERS.format(""), [change, (text, seen)], distinct=DISTINCT)
    assert missing.examine(judged) == []


def test_the_greatest_within_a_range_is_no_end_of_an_index() -> None:
    text = "SELECT MAX(total) FROM orders WHERE customer_id = ? AND placed_at > ?"
    assert objects(found("", (text, 100_000, 1))) == ["shop.orders(customer_id, placed_at)"]


def test_pages_of_a_scan_are_counted_where_an_index_could_have_been_used_and_was_not() -> None:
    text = "SELECT id, total FROM orders WHERE customer_id = ? AND placed_at > ?"
    findings = found("KEY pc (placed_at, customer_id)", (text, 100_000, 200))
    assert objects(findings) == ["shop.orders(customer_id, placed_at, total)"]
