"""What each flavor of server tells of a run, with answers as they were recorded or documented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from dbsbm.optimizer.proof.measuring import Reading, measure

ANALYZED = {
    "query_block": {
        "r_total_time_ms": 1.5,
        "nested_loop": [
            {"table": {"table_name": "a", "r_engine_stats": {"pages_accessed": 40}}},
            {"table": {"table_name": "b", "r_engine_stats": {}}},
        ],
        "subqueries": [
            {"query_block": {"table": {"r_engine_stats": {"pages_accessed": 2}}}},
        ],
    }
}


class Recorded:
    """A bench whose counters rise by a fixed number with each question and each run."""

    def __init__(self, flavor: str, *, noise: int = 0, analyzed: Any = ANALYZED) -> None:
        self.flavor = flavor
        self.ran: list[str] = []
        self._noise, self._analyzed = noise, analyzed
        self._rows, self._pages = 1000, 500

    def rows(self, statement: str, _values: Sequence[object] | None = None) -> list[Any]:
        if "Handler_read" in statement:
            self._rows += self._noise
            return [{"value": str(self._rows - 10)}, {"value": "10"}]
        if "buffer_pool" in statement:
            return [{"value": str(self._pages)}]
        self.ran.append(statement)
        self._rows, self._pages = self._rows + 300, self._pages + 42
        return [{"analyze": json.dumps(self._analyzed)}]


def test_mariadb_tells_rows_pages_and_time_of_every_part_of_a_plan() -> None:
    bench: Any = Recorded("mariadb")
    assert measure(bench, "SELECT 1") == Reading(300, 42, 0.0015)
    assert bench.ran == ["ANALYZE FORMAT=JSON SELECT 1"] * 3


def test_an_older_mariadb_tells_of_no_pages() -> None:
    bench: Any = Recorded("mariadb", analyzed={"query_block": {"table": {}}})
    assert measure(bench, "SELECT 1").pages is None


@pytest.mark.parametrize("noise", [0, 7])
def test_what_reading_the_counters_costs_is_no_part_of_a_run_on_mysql(noise: int) -> None:
    bench: Any = Recorded("mysql", noise=noise)
    reading = measure(bench, "SELECT 1")
    assert (reading.rows, reading.pages) == (300, 42)
    assert bench.ran == ["EXPLAIN ANALYZE SELECT 1"] * 3


def test_the_smallest_figures_of_all_runs_count() -> None:
    assert Reading(5, 9, 0.2).least(Reading(6, None, 0.1)) == Reading(5, 9, 0.1)
