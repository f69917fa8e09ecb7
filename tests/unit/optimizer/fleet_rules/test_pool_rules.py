"""Connections of the database: those that never come back, and those that find no room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from dbsbm.optimizer.fleet.curves import Curve, Reading
from dbsbm.optimizer.rules.fleet import pool_leak, pool_size
from tests.unit.optimizer.evidence import STEP, counters, curve, curves, evidence, total

HOUR = 6


def leak(in_use: Sequence[float | None], checkouts: Sequence[float] | None = None) -> Any:
    work = [100.0] * len(in_use) if checkouts is None else checkouts
    waits = [
        Reading(reading.at, count, 0.0, 0.0, 0.0)
        for reading, count in zip(curve("", in_use).readings, work, strict=True)
    ]
    counted = Curve("db.pool_wait", {}, "distribution", STEP, waits)
    return pool_leak.examine(evidence(curves=curves(curve("db.pool.checked_out", in_use), counted)))


def steps(*hours: float) -> list[float | None]:
    """Six steps an hour, of which one is quiet."""
    return [value for hour in hours for value in (hour, hour + 0.8, hour + 0.5, hour + 1, 2, hour)]


def test_a_floor_that_only_rises_is_a_leak() -> None:
    (finding,) = leak(steps(*(0.1 + 0.1 * hour for hour in range(12))))
    assert finding.object == "database pool"
    assert "taken and not given back" in finding.cause
    assert finding.evidence["floor_by_hour"][-1] > finding.evidence["floor_by_hour"][0] + 0.8


def test_a_leak_is_found_since_the_last_restart() -> None:
    before = [0.1 + 0.1 * hour for hour in range(8)]
    assert leak(steps(*before, *before))
    assert leak(steps(*before, 0.1, 0.2, 0.3)) == []  # the new processes are too young to tell


@pytest.mark.parametrize(
    "hours",
    [
        [0.1] * 24,
        [0.1, 0.2, 0.5, 0.9, 1.4, 1.1, 0.8, 0.3, 0.1, 0.1],  # an evening of games
        [0.10 + 0.01 * hour for hour in range(12)],
        [0.1 + 0.2 * hour for hour in range(5)],  # too few hours
    ],
)
def test_a_floor_that_comes_back_or_stays_is_none(hours: list[float]) -> None:
    assert leak(steps(*hours)) == []


def test_more_connections_for_more_work_are_no_leak() -> None:
    hours = [0.1 + 0.1 * hour for hour in range(12)]
    work = [100.0 + 50 * (place // HOUR) for place in range(12 * HOUR)]
    assert leak(steps(*hours), work) == []


def connections(most: float, limit: float, *, size: float = 5, used: float = 2) -> Any:
    return pool_size.examine(
        evidence(
            counters=counters(
                total("database.connections.max", 1, most),
                total("database.max_connections.max", 1, limit),
                total("db.pool.size.max", 1, size),
                total("db.pool.checked_out.max", 1, used),
            )
        )
    )


def test_a_server_that_is_nearly_full_of_idle_connections_wants_a_smaller_pool() -> None:
    (finding,) = connections(130, 151)
    assert finding.fix[0] == "Set DB_POOL_SIZE=3: no process used more than 2 at once."
    assert finding.revert == ("Set DB_POOL_SIZE=5.",)
    assert finding.severity == "warning"


def test_a_server_that_is_full_of_connections_in_use_must_take_more() -> None:
    (finding,) = connections(151, 151, used=5)
    assert finding.fix[0] == "Raise the server's max_connections from 151 to 302."
    assert finding.severity == "critical"


def test_a_server_with_room_is_left_alone() -> None:
    assert connections(100, 151) == []
    assert connections(0, 0) == []
