"""How busy a pool of processes was in its busiest hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.pools import Pool

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Load:
    """A pool in one hour.

    Attributes:
        start: When the hour begins.
        running: Tasks that ran at once on average.
        processes: Pool processes that lived, on average.
        heaviest: The task that ran longest in all.
    """

    start: datetime
    running: float
    processes: float
    heaviest: str

    @property
    def utilisation(self) -> float:
        """Share of the processes that were busy; above one where some were not measured."""
        return self.running / self.processes


def busiest_hour(curves: Curves, pool: Pool) -> Load | None:
    """The busiest full hour in which the pool's processes were measured, None without one."""
    busy = _busy(curves, pool)
    loads = [
        load for start in sorted(pool.processes) if (load := _load(start, busy, pool)) is not None
    ]
    if not loads:
        return None
    start, running, processes = max(loads, key=lambda load: load[1] / load[2])
    heaviest = _heaviest(curves, pool, start)
    return Load(datetime.fromtimestamp(start, UTC), running, processes, heaviest)


def _busy(curves: Curves, pool: Pool) -> dict[float, float]:
    """Start of a step -> seconds that tasks of the pool's queues ran."""
    busy: Counter[float] = Counter()
    for queue in pool.queues:
        busy.update(curves.totals("task.run", queue=queue))
    return dict(busy)


def _load(
    start: float, busy: Mapping[float, float], pool: Pool
) -> tuple[float, float, float] | None:
    """Start, running and processes of an hour, None where half of it was not measured."""
    steps = [at for at in pool.processes if start <= at < start + _HOUR]
    length = min(_later(start, steps), _HOUR)
    if length < _HOUR:
        return None
    seconds = sum(each for at, each in busy.items() if start <= at < start + _HOUR)
    processes = sum(pool.processes[at] for at in steps) / len(steps)
    return start, seconds / _HOUR, processes


def _later(start: float, steps: list[float]) -> float:
    """How much of an hour steps cover, as far apart as the first two are."""
    gaps = sorted(b - a for a, b in pairwise(steps))
    return max(steps) - start + gaps[0] if gaps else 0.0


def _heaviest(curves: Curves, pool: Pool, start: float) -> str:
    seconds: Counter[str] = Counter()
    for curve in curves.of("task.run"):
        if curve.labels.get("queue") in pool.queues and "task" in curve.labels:
            inside = (each for each in curve.readings if start <= each.at < start + _HOUR)
            seconds[curve.labels["task"]] += sum(int(1000 * each.total) for each in inside)
    return seconds.most_common(1)[0][0] if seconds else "nothing"
