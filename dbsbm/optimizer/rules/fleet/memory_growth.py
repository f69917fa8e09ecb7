"""Does a process grow as long as it lives?

Evidence: the memory of each process by steps of ten minutes, from one restart to the next, and the
tasks of its queues.

A process that loads what it needs grows for its first half hour, which is left out, and then stays.
Found where the slope of memory over six hours or more is surely positive, both halves rise, and it
came to 20 MiB and a tenth of what it was; and where at least three processes of a role were
replaced after an hour or more in which each grew by 30 % after its first half hour. Silent where
fewer than half of the role's measured hours are of processes that grow: one that served a large
request once does not make a leak.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curve, Curves, Reading
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.pools import QUEUES_OF_ROLE
from dbsbm.optimizer.fleet.trend import LEAST_POINTS, fit
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import present

NAME = "fleet.memory_growth"

WARM_UP = 1800.0
LONG = 6 * 3600.0
MIN_BYTES = 20 * 1024 * 1024
MIN_SHARE = 0.1
SHORT_SHARE = 0.3
REPLACED = 3
# A process that has a fifth less is another one: memory that is freed stays with the allocator.
_FALL = 0.8
_GAP = 2.5


@dataclass(frozen=True, slots=True)
class _Life:
    """A process between two restarts, after its warm-up.

    Attributes:
        growth: Bytes a second, 0 where it is not sure that it grows.
        is_long: Six hours or more.
    """

    seconds: float
    growth: float
    is_long: bool


def examine(evidence: Evidence) -> list[Finding]:
    """Find the roles whose processes grow."""
    curves = present(evidence.curves)
    found = []
    for role in curves.values("process.memory_bytes", "role"):
        lives = [
            life for curve in curves.of("process.memory_bytes", role=role) for life in _lives(curve)
        ]
        growing = [life for life in lives if life.growth]
        if _is_leak(lives, growing):
            found.append(_finding(curves, role, growing))
    return found


def _is_leak(lives: Sequence[_Life], growing: Sequence[_Life]) -> bool:
    is_enough = any(life.is_long for life in growing) or len(growing) >= REPLACED
    share = sum(life.seconds for life in growing) >= sum(life.seconds for life in lives) / 2
    return is_enough and share


def _lives(curve: Curve) -> Iterator[_Life]:
    for readings in _between_restarts(curve):
        first = readings[0].at + WARM_UP
        settled = [reading for reading in readings if reading.at >= first]
        if len(settled) >= LEAST_POINTS - 2:
            yield _life(settled)


def _between_restarts(curve: Curve) -> Iterator[Sequence[Reading]]:
    life: list[Reading] = list(curve.readings[:1])
    for earlier, later in pairwise(curve.readings):
        is_gap = later.at - earlier.at > _GAP * curve.step
        if is_gap or later.mean < _FALL * earlier.mean:
            yield life
            life = []
        life.append(later)
    if life:
        yield life


def _life(readings: Sequence[Reading]) -> _Life:
    seconds = readings[-1].at - readings[0].at
    is_long = seconds >= LONG
    rise = readings[-1].mean - readings[0].mean
    least = MIN_SHARE if is_long else SHORT_SHARE
    if rise < max(MIN_BYTES, least * readings[0].mean):
        return _Life(seconds, 0.0, is_long)
    if is_long:
        trend = fit([(reading.at, reading.mean) for reading in readings])
        growth = trend.slope if trend is not None and trend.lower > 0 else 0.0
        return _Life(seconds, growth, is_long)
    steps = [b.mean - a.mean for a, b in pairwise(readings)]
    is_steady = sum(step > 0 for step in steps) >= 0.8 * len(steps)
    return _Life(seconds, rise / seconds if is_steady else 0.0, is_long)


def _finding(curves: Curves, role: str, growing: Sequence[_Life]) -> Finding:
    seconds = sum(life.seconds for life in growing)
    an_hour = 3600 * sum(life.growth * life.seconds for life in growing) / seconds
    per_task = _per_task(curves, role, an_hour)
    each = "" if per_task is None else f", about {spell_bytes(per_task)} a task"
    return Finding(
        rule=NAME,
        object=f"role {role}",
        severity="warning",
        cause=f"Processes of {role} grow by {spell_bytes(an_hour)} an hour{each}, in "
        f"{len(growing)} lives between restarts, and do not stop.",
        evidence={
            "bytes_an_hour": an_hour,
            "bytes_a_task": per_task,
            "lives": len(growing),
            "hours": seconds / 3600,
        },
        fix=(
            f"See what holds the memory: python -m dbsbm profile {role} --memory.",
            "Until then, lower child_memory_mib in workers/profiles.py: larger children go.",
        ),
        expected_gain=f"{spell_bytes(24 * an_hour)} a process and day.",
        confidence=0.9,
        risk="none",
    )


def _per_task(curves: Curves, role: str, an_hour: float) -> float | None:
    """Growth a task, where the role's queues are known and only its own processes eat them."""
    queues = QUEUES_OF_ROLE.get(role, ())
    steps = {at for each in curves.of("process.memory_bytes", role=role) for at in _times(each)}
    children = [
        curve
        for curve in curves.of("process.memory_bytes", role=role)
        if "." in curve.labels.get("process", "")
    ]
    lived = sum(curve.step * len(curve.readings) for curve in children) / 3600
    runs = sum(
        reading.count
        for queue in queues
        for curve in curves.of("task.run", queue=queue)
        for reading in curve.readings
        if reading.at in steps
    )
    return an_hour * lived / runs if runs and lived else None


def _times(curve: Curve) -> set[float]:
    return {reading.at for reading in curve.readings}
