"""From a seed to a foreign database: the same each time, complete, and consistent in itself."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlglot
from sqlglot import exp

from bench.rig import optimizer_columns as columns
from bench.rig import optimizer_scale
from bench.rig.optimizer_blueprint import Blueprint
from bench.rig.optimizer_planting import CATALOGUE, TRAPS, healthy, indexed, planted

SEED = 7


def _texts(made: Blueprint) -> list[str]:
    return [*(table.create() for table in made.tables), *(each.sql for each in made.load)]


def test_a_seed_makes_the_same_database_each_time_and_another_seed_another() -> None:
    assert _texts(planted(SEED)) == _texts(planted(SEED))
    assert _texts(planted(SEED)) != _texts(planted(SEED + 1))


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_kind_of_fault_is_planted_as_often_as_the_catalogue_says(seed: int) -> None:
    made = planted(seed)
    assert Counter(fault.kind for fault in made.faults) == {
        kind: count for kind, (count, _) in CATALOGUE.items()
    }
    assert len(made.faults) == 60
    assert len(made.traps) >= TRAPS


@pytest.mark.parametrize("make", [planted, indexed, healthy])
def test_statements_name_only_tables_and_columns_that_are_there(make: object) -> None:
    made: Blueprint = make(SEED)  # type: ignore[operator]
    tables = {table.name.lower() for table in made.tables}
    names = {column.lower() for table in made.tables for column in table.columns}
    for statement in made.load:
        tree = sqlglot.parse_one(statement.sql.replace("%%", "%").replace("%s", "?"), read="mysql")
        assert {each.name.lower() for each in tree.find_all(exp.Table)} <= tables
        assert {each.name.lower() for each in tree.find_all(exp.Column)} <= names


def test_a_healthy_database_has_every_trap_and_no_fault() -> None:
    made = healthy(SEED)
    assert not made.faults
    assert not made.incidents
    assert len(made.traps) >= TRAPS


def test_a_fault_and_a_trap_never_share_a_column() -> None:
    for seed in range(1, 6):
        made = planted(seed)
        faulty = {(t, c) for fault in made.faults for t in fault.tables for c in fault.columns}
        keys = {(table.full, table.key) for table in made.tables if table.primary}
        sound = {(t, c) for trap in made.traps for t in trap.tables for c in trap.columns}
        assert not faulty & sound - keys


def test_what_a_column_holds_follows_from_the_row_alone() -> None:
    held = columns.number("weight", 10, skew=3)
    assert [held.value(row) for row in range(1, 50)] == [held.value(row) for row in range(1, 50)]
    assert {held.value(row) for row in range(1, 2_000)} == set(range(1, 11))
    rare = Counter(held.value(row) for row in range(1, 2_000))
    assert rare[1] > 3 * rare[10]


def test_the_large_database_has_as_many_tables_and_kinds_of_statements_as_are_promised() -> None:
    made = optimizer_scale.blueprint(1)
    assert len({table.full for table in made.tables}) == optimizer_scale.TABLES
    kinds = {(each.schema, each.sql) for each in made.load}
    assert len(kinds) == optimizer_scale.FINGERPRINTS
