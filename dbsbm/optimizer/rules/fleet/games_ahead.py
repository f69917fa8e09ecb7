"""Will the games of the next twelve hours bring more tasks than the workers can take?

Evidence: when games start; the tasks that came in each ten minutes of the last week, told apart by
what the games that were on brought and what came anyway; how long tasks run; the processes that
live now.

The processes needed are those by which at most 5 % of the tasks wait above a second (Erlang's C
formula). Only of queues that members wait for. Silent below ten games and two days that were
measured, where the processes suffice at the upper bound of the forecast, two standard deviations
above what is expected, and where they do not suffice without games either: see fleet.concurrency.
It is for your information where the processes suffice for what is expected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.games import AHEAD, STEP, GameLoad
from dbsbm.optimizer.fleet.pools import AWAITED, Pool, find_pools
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.prediction.load import (
    MOST_AT_ONCE,
    Forecast,
    LoadProfile,
    concurrency,
)
from dbsbm.optimizer.rules.describe import counted

NAME = "fleet.games_ahead"

MIN_GAMES = 10
MIN_SECONDS = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class _Need:
    """Processes that a pool needs.

    Attributes:
        peak: The busiest step of the games ahead.
        seconds: What a task takes.
        games: How many start in the time that is looked at.
    """

    peak: Forecast
    seconds: float
    games: int
    running: int
    expected: int
    most: int
    quiet: int


def examine(evidence: Evidence) -> list[Finding]:
    """Find the pools that are too small for the games ahead."""
    load, curves = present(evidence.games), present(evidence.curves)
    now = evidence.until.timestamp()
    found = (
        (pool, _need(load, curves, pool, now))
        for pool in find_pools(curves)
        if AWAITED & set(pool.queues)
    )
    return [
        _finding(pool, need)
        for pool, need in found
        if need is not None and need.quiet <= need.running < need.most
    ]


def _need(load: GameLoad, curves: Curves, pool: Pool, now: float) -> _Need | None:
    arrivals = _filled(load, pool.queues)
    past = [start for start in load.starts if start <= now]
    coming = [start for start in load.starts if start > now]
    seconds = _seconds(curves, pool.queues)
    measured = len(arrivals) * STEP.total_seconds() / 2
    if not coming or len(past) < MIN_GAMES or measured < MIN_SECONDS or not seconds:
        return None
    profile = LoadProfile.learn(arrivals, load.starts)
    steps = profile.forecast(now, now + AHEAD.total_seconds(), load.starts)
    peak = max(steps, key=lambda each: each.upper)
    (quiet, *_) = profile.forecast(now, now + 1, [])
    return _Need(
        peak=peak,
        seconds=seconds,
        games=len(coming),
        running=_running(pool),
        expected=_processes(peak.arrivals, seconds),
        most=_processes(peak.upper, seconds),
        quiet=_processes(quiet.upper, seconds),
    )


def _running(pool: Pool) -> int:
    """Processes of the last hour: in the step that has just begun not all were measured."""
    newest = max(pool.processes)
    return max(count for at, count in pool.processes.items() if at > newest - 3600)


def _filled(load: GameLoad, queues: Iterable[str]) -> dict[float, float]:
    """Tasks in each half of a step, with those steps in which there were none.

    The profile's steps are half as long; that halves make the same bound as wholes follows from
    their dispersion, which comes out half as large.
    """
    total: Counter[float] = Counter()
    for queue in queues:
        total.update(load.arrivals.get(queue, {}))
    if not total:
        return {}
    step = STEP.total_seconds()
    first, last = min(total), max(total)
    starts = [first + step * number for number in range(int((last - first) / step) + 1)]
    return {at + half: total[at] / 2 for at in starts for half in (0.0, step / 2)}


def _seconds(curves: Curves, queues: Iterable[str]) -> float:
    """Mean time of a task."""
    runs = [
        reading
        for queue in queues
        for curve in curves.of("task.run", queue=queue)
        for reading in curve.readings
    ]
    count = sum(each.count for each in runs)
    return sum(each.total for each in runs) / count if count else 0.0


def _processes(arrivals: float, seconds: float) -> int:
    try:
        return concurrency(arrivals, seconds)
    except ValueError:
        return MOST_AT_ONCE


def _finding(pool: Pool, need: _Need) -> Finding:
    at = f"{datetime.fromtimestamp(need.peak.at, UTC):%H:%M} UTC"
    is_expected = need.expected > need.running
    service = pool.roles[0].removeprefix("worker.")
    return Finding(
        rule=NAME,
        object=f"queues {', '.join(pool.queues)}",
        severity="warning" if is_expected else "info",
        cause=f"{counted(need.games, 'game starts', 'games start')} in the next "
        f"{AHEAD.total_seconds() / 3600:.0f} hours, and around {at} that brings "
        f"{need.peak.arrivals:.3g} to {need.peak.upper:.3g} tasks a second "
        f"of {need.seconds:.2g} s. That needs {_needed(need)}, and "
        f"{need.running} run.",
        evidence=_evidence(need),
        fix=(
            f"Start python -m workers worker {service} again: {need.most} pool processes by then.",
            "In containers: docker compose up --detach --scale, as docs/operators.md shows.",
        ),
        revert=("Stop the added workers after the games.",),
        expected_gain="At most 5 % of the tasks wait above a second while games are on.",
        confidence=0.9 if is_expected else 0.5,
        risk="low",
    )


def _needed(need: _Need) -> str:
    if need.expected == need.most:
        return counted(need.most, "process", "processes")
    return f"{need.expected} to {need.most} processes"


def _evidence(need: _Need) -> Mapping[str, float | str]:
    return {
        "peak_at": datetime.fromtimestamp(need.peak.at, UTC).isoformat(),
        "tasks_a_second": need.peak.arrivals,
        "tasks_a_second_at_most": need.peak.upper,
        "task_seconds": need.seconds,
        "games": need.games,
        "processes": need.running,
        "needed": need.expected,
        "needed_at_most": need.most,
        "needed_without_games": need.quiet,
    }
