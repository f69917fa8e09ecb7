"""Plans as both servers print them."""

from __future__ import annotations

import json

from dbsbm.optimizer.server.case import Access, Plan
from dbsbm.optimizer.server.plans import read_plan

MYSQL_JOIN = """{"query_block": {"select_id": 1, "cost_info": {"query_cost": "550.97"},
  "ordering_operation": {"using_temporary_table": true, "using_filesort": true, "nested_loop": [
    {"table": {"table_name": "c", "access_type": "ALL", "possible_keys": ["PRIMARY", "by_code"],
      "rows_examined_per_scan": 4035, "rows_produced_per_join": 403, "filtered": "10.00",
      "cost_info": {"read_cost": "369.40", "prefix_cost": "409.75"},
      "used_columns": ["id", "name"], "attached_condition": "(`w`.`c`.`name` = 'Roma')"}},
    {"table": {"table_name": "n", "access_type": "eq_ref", "possible_keys": ["PRIMARY"],
      "key": "PRIMARY", "used_key_parts": ["code"], "key_length": "12", "ref": ["w.c.code"],
      "rows_examined_per_scan": 1, "rows_produced_per_join": 403, "filtered": "100.00"}}]}}}"""

MYSQL_SUBQUERIES = """{"query_block": {"select_id": 1, "cost_info": {"query_cost": "10.5"},
  "table": {"table_name": "<derived2>", "access_type": "ALL", "rows_examined_per_scan": 5,
    "materialized_from_subquery": {"using_temporary_table": true, "query_block": {"select_id": 2,
      "grouping_operation": {"using_filesort": false, "table": {"table_name": "b",
        "access_type": "index", "key": "by_user", "used_key_parts": ["user_id"],
        "rows_examined_per_scan": 99, "filtered": "100.00"}}}}},
  "select_list_subqueries": [{"dependent": true, "cacheable": false, "query_block":
    {"select_id": 3, "table": {"table_name": "u", "access_type": "const", "key": "PRIMARY",
      "used_key_parts": ["id"], "rows_examined_per_scan": 1}}}]}}"""

MYSQL_NOTHING = """{"query_block": {"select_id": 1,
  "message": "no matching row in const table"}}"""

MARIADB_11 = """{"query_block": {"select_id": 1, "cost": 3.25, "nested_loop": [
  {"read_sorted_file": {"filesort": {"sort_key": "b.placed desc", "table": {"table_name": "b",
    "access_type": "range", "possible_keys": ["by_state"], "key": "by_state",
    "used_key_parts": ["state"], "rows": 10000, "cost": 2.5, "filtered": 75.5}}}},
  {"block-nl-join": {"table": {"table_name": "u", "access_type": "ALL", "rows": 2003,
    "filtered": 100}, "buffer_type": "flat", "join_type": "BNL"}}]}}"""


def read(text: str) -> Plan:
    return read_plan(json.loads(text))


def test_a_join_of_mysql() -> None:
    assert read(MYSQL_JOIN) == Plan(
        (
            Access("c", "ALL", rows=4035, filtered=10, possible_keys=("PRIMARY", "by_code")),
            Access("n", "eq_ref", "PRIMARY", ("code",), 1, 100, ("PRIMARY",)),
        ),
        sorts=True,
        temporary=True,
        cost=550.97,
    )


def test_subqueries_of_mysql_are_read_too_and_their_results_are_no_tables() -> None:
    plan = read(MYSQL_SUBQUERIES)
    assert plan == Plan(
        (
            # what reads all of an index narrows nothing by its columns
            Access("b", "index", "by_user", (), 99, 100),
            Access("u", "const", "PRIMARY", ("id",), 1),
        ),
        sorts=False,
        temporary=True,
        cost=10.5,
    )


def test_a_plan_that_reads_nothing() -> None:
    assert read(MYSQL_NOTHING) == Plan(())


def test_a_sorted_join_of_mariadb_with_costs() -> None:
    assert read(MARIADB_11) == Plan(
        (
            Access("b", "range", "by_state", ("state",), 10000, 75.5, ("by_state",)),
            Access("u", "ALL", rows=2003),
        ),
        sorts=True,
        cost=3.25,
    )
