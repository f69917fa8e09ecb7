"""Learned lifetimes on three traces with drift and shifts, against an oracle and a single one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from bench.harness import Row, progress
from bench.rig.ttl_traces import HOUR, STEP, TRACES, Trace, oracle_hits, play, single_hits
from dbsbm.optimizer.learning.granting import BUDGET, LONGER
from dbsbm.optimizer.learning.learner import LifetimeLearner

TABLE_TTL = 900.0
SEED = 20_261
_SINGLE = "best single lifetime, knowing the rates"
_WARM_UP = 5
_WATCHED = 8
"""Steps after a shift; then the next may come."""


@dataclass
class Played:
    """What became of a trace's reads, minute by minute."""

    trace: Trace
    reads: list[int]
    hits: list[int]
    stale: list[int]
    learning: list[float] = field(default_factory=list)

    def worst_share(self) -> float:
        """The largest share of stale reads of any hour, and of the time up to any minute."""
        hours = (range(end - 60, end) for end in range(60, len(self.reads) + 1))
        starts = (range(end) for end in range(_WARM_UP, len(self.reads) + 1))
        return max(self._share(minutes) for spans in (hours, starts) for minutes in spans)

    def _share(self, minutes: range) -> float:
        stale = sum(self.stale[minute] for minute in minutes)
        return stale / sum(self.reads[minute] for minute in minutes)

    def saved(self, step: int) -> float:
        """Share of the reads of a step that were hits."""
        minutes = slice(int(step * STEP / 60), int((step + 1) * STEP / 60))
        return sum(self.hits[minutes]) / sum(self.reads[minutes])


@dataclass
class _Kept:
    """A value in the cache."""

    loaded_at: float
    until: float


def rows(*, quick: bool, seed: int | None = None) -> Iterator[Row]:
    """For each trace: the stale budget, the loads that were spared, the way back from a shift."""
    of = SEED if seed is None else seed
    keys, reads, hours = (800, 60.0, 2.5) if quick else (2000, 100.0, 3.5)
    for name, make in TRACES.items():
        progress(f"the trace {name}: {keys} keys, {reads:g} reads a second, {hours:g} hours")
        played = _played(make(Random(of), keys, reads, hours), of + 1)
        yield from _judged(name, played)


def _judged(name: str, played: Played) -> Iterator[Row]:
    changes, first = played.trace.changes, int(HOUR / STEP)
    oracle = [oracle_hits(played.trace.reads, each, BUDGET) for each in changes]
    single = [single_hits(played.trace.reads, each, BUDGET) for each in changes[first:]]
    later = range(first, len(changes))
    best = sum(oracle[step] for step in later)
    yield Row(
        f"{name}: stale share of the worst hour, of the budget",
        played.worst_share() / BUDGET,
        "of the budget",
        floor=1,
        aim=1,
    )
    yield Row(
        f"{name}: of the oracle's saving, after an hour",
        100 * sum(played.saved(step) for step in later) / best,
        "%",
        better="higher",
        floor=75,
        aim=90,
        peers={_SINGLE: 100 * sum(single) / best},
    )
    yield Row(
        f"{name}: until nine tenths of what was saved before a shift for good, the slowest",
        max(_minutes_back(played, oracle, shift) for shift in played.trace.shifts),
        "min",
        aim=10,
    )
    yield Row(f"{name}: learning from one load", _median(played.learning) * 1e6, "us")


def _minutes_back(played: Played, oracle: list[float], shift: float) -> float:
    """Minutes from a shift until the share of the oracle's saving is nearly what it was."""
    step = int(shift / STEP)
    shares = [played.saved(each) / oracle[each] for each in range(len(oracle))]
    before = sum(shares[step - 3 : step]) / 3
    within = range(step, min(step + _WATCHED, len(shares)))
    low = [at for at in within if shares[at] < 0.9 * before]
    return (max(low) + 1 - step) * STEP / 60 if low else 0.0


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _played(trace: Trace, seed: int) -> Played:
    learner = LifetimeLearner(budget=BUDGET, table_ttl=TABLE_TTL)
    minutes = int(trace.seconds / 60)
    played = Played(trace, [0] * minutes, [0] * minutes, [0] * minutes)
    cache: dict[int, _Kept] = {}
    for now, key, changed_at in play(trace, Random(seed)):
        minute = int(now // 60)
        played.reads[minute] += 1
        kept = cache.get(key)
        if kept is not None and now < kept.until:
            played.hits[minute] += 1
            played.stale[minute] += changed_at > kept.loaded_at
            continue
        began = time.perf_counter()
        ttl = min(learner.lifetime(key), LONGER * TABLE_TTL)
        if kept is not None:
            age, has_changed = now - kept.loaded_at, changed_at > kept.loaded_at
            learner.learn(key, age, now, changed=has_changed)
        played.learning.append(time.perf_counter() - began)
        cache[key] = _Kept(now, now + ttl)
    return played
