"""Are database connections taken and never given back?

Evidence: connections in use as all processes told them, by steps of ten minutes, and check-outs.

What is in use follows the work: at a quiet moment of an hour it is near zero. A leak lifts the
quietest step of each hour, and only a restart brings it down. Silent below six hours; unless the
floor never fell and the last three hours' floors are all above the first three's by a quarter of a
connection a process; and where the work grew too, for then more connections are simply used.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.missing import present

NAME = "database.pool_leak"

MIN_HOURS = 6
RISE = 0.25
"""Of a connection a process: the mean of many processes rises by less than one, as few leak."""
MORE_WORK = 1.5
_EDGE_HOURS = 3
_FALL = 0.9
_HOUR = 3600


def examine(evidence: Evidence) -> list[Finding]:
    """Find connections that never come back."""
    curves = present(evidence.curves)
    floors = _since_last_fall(_floors(curves))
    if len(floors) < MIN_HOURS:
        return []
    hours = sorted(floors)
    first, last = hours[:_EDGE_HOURS], hours[-_EDGE_HOURS:]
    rise = min(floors[hour] for hour in last) - max(floors[hour] for hour in first)
    work = _work(curves)
    before, now = (sum(work.get(hour, 0.0) for hour in edge) for edge in (first, last))
    if rise < RISE or now > MORE_WORK * max(before, 1.0):
        return []
    return [_finding(floors, curves)]


def _floors(curves: Curves) -> dict[int, float]:
    """Hour -> the lowest mean of a step in it."""
    floors: dict[int, float] = {}
    for curve in curves.of("db.pool.checked_out"):
        for reading in curve.readings:
            hour = int(reading.at // _HOUR)
            floors[hour] = min(floors.get(hour, reading.mean), reading.mean)
    return floors


def _since_last_fall(floors: Mapping[int, float]) -> dict[int, float]:
    """The newest hours in which the floor never fell."""
    hours = sorted(floors)
    start = 0
    for place, (earlier, later) in enumerate(pairwise(hours), 1):
        if floors[later] < _FALL * floors[earlier] - 0.05:
            start = place
    return {hour: floors[hour] for hour in hours[start:]}


def _work(curves: Curves) -> dict[int, float]:
    """Hour -> check-outs."""
    work: dict[int, float] = {}
    for curve in curves.of("db.pool_wait"):
        for reading in curve.readings:
            hour = int(reading.at // _HOUR)
            work[hour] = work.get(hour, 0.0) + reading.count
    return work


def _finding(floors: Mapping[int, float], curves: Curves) -> Finding:
    hours = sorted(floors)
    first, last = floors[hours[0]], floors[hours[-1]]
    most = max(
        (reading.high for each in curves.of("db.pool.checked_out") for reading in each.readings),
        default=0.0,
    )
    return Finding(
        rule=NAME,
        object="database pool",
        severity="warning",
        cause=f"At the quietest moment of an hour a process had {first:.2f} connections in use "
        f"{hours[-1] - hours[0]} hours ago and has {last:.2f} now, with no more work: they are "
        "taken and not given back.",
        evidence={
            "floor_by_hour": [floors[hour] for hour in hours],
            "most_in_use": most,
        },
        fix=(
            "Look for a session that is opened without Database.read or Database.transact.",
            "Until then, restart the workers: a new process has a new pool.",
        ),
        expected_gain=f"{last - first:.2f} connections a process, which end in time-outs of "
        "DB_POOL_TIMEOUT once the pool is used up.",
        confidence=0.9,
        risk="none",
    )
