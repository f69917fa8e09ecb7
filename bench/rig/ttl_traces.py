"""Keys that are read and change at random, and what an oracle that knows the rates could save."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log
from random import Random

from bench.rig.ttl_oracle import best_ttl, stale_hits

MINUTE, HOUR = 60.0, 3600.0
STEP = 5 * MINUTE
"""Rates are constant for so long."""


@dataclass(frozen=True)
class Trace:
    """A category's keys.

    Attributes:
        reads: A second, by key.
        changes: For each step, changes a second by key.
        shifts: When rates jump, seconds.
    """

    reads: list[float]
    changes: list[list[float]]
    shifts: list[float]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.changes) * STEP


def _reads(keys: int, total: float) -> list[float]:
    """Popular and rare keys by Zipf's law with the exponent 0.9."""
    weights = [(rank + 1) ** -0.9 for rank in range(keys)]
    return [total * weight / sum(weights) for weight in weights]


def _drifting(
    random: Random, keys: int, steps: int, spread: float, mean: float
) -> list[list[float]]:
    """Rates spread log-normally about one change in `mean` seconds, each on a random walk."""
    logs = [random.gauss(-log(mean), spread) for _ in range(keys)]
    found = []
    for _ in range(steps):
        found.append([exp(each) for each in logs])
        logs = [each + random.gauss(0, 0.06) for each in logs]
    return found


def mild(random: Random, keys: int, reads: float, hours: float) -> Trace:
    """All change about every half hour; after two hours all change four times as often."""
    steps = int(hours * HOUR / STEP)
    changes = _drifting(random, keys, steps, 0.5, 1800.0)
    at = int(2 * HOUR / STEP)
    changes[at:] = [[4 * rate for rate in each] for each in changes[at:]]
    return Trace(_reads(keys, reads), changes, [at * STEP])


def wide(random: Random, keys: int, reads: float, hours: float) -> Trace:
    """From every minute to every other day; after two hours a quarter swap their rates."""
    steps = int(hours * HOUR / STEP)
    changes = _drifting(random, keys, steps, 2.0, 1800.0)
    at = int(2 * HOUR / STEP)
    swapped = random.sample(range(keys), keys // 4)
    partner = dict(zip(swapped, reversed(swapped), strict=True))
    changes[at:] = [[each[partner.get(key, key)] for key in range(keys)] for each in changes[at:]]
    return Trace(_reads(keys, reads), changes, [at * STEP])


def market(random: Random, keys: int, reads: float, hours: float) -> Trace:
    """Every hour a market opens: for ten minutes all change twenty times as often."""
    steps = int(hours * HOUR / STEP)
    changes = _drifting(random, keys, steps, 1.0, 1800.0)
    opens = list(range(14, steps, 11))
    for step in opens:
        for later in range(step, min(step + 2, steps)):
            changes[later] = [20 * rate for rate in changes[later]]
    return Trace(_reads(keys, reads), changes, [step * STEP for step in opens])


TRACES: dict[str, Callable[[Random, int, float, float], Trace]] = {
    "mild": mild,
    "wide": wide,
    "market opens": market,
}


def play(trace: Trace, random: Random) -> Iterator[tuple[float, int, float]]:
    """Each read: when, which key, and when that key was changed last, by the trace's clock."""
    bounds = list(accumulate(trace.reads))
    keys, total = range(len(bounds)), bounds[-1]
    changed = [0.0] * len(bounds)
    coming = [random.expovariate(rate) for rate in trace.changes[0]]
    now, step, ends = 0.0, 0, STEP
    while True:
        now += random.expovariate(total)
        while now >= ends:
            step, ends = step + 1, ends + STEP
            if step >= len(trace.changes):
                return
            coming = _rescaled(random, trace, changed, coming, step)
        (key,) = random.choices(keys, cum_weights=bounds)
        rate = trace.changes[step][key]
        while coming[key] <= now:
            changed[key] = coming[key]
            coming[key] += random.expovariate(rate)
        yield now, key, changed[key]


def _rescaled(
    random: Random, trace: Trace, changed: list[float], coming: list[float], step: int
) -> list[float]:
    """Draw again what had not come by the end of a step: an exponential wait has no memory."""
    began = step * STEP
    found = []
    for key, first in enumerate(coming):
        at = first
        while at <= began:
            changed[key] = at
            at += random.expovariate(trace.changes[step - 1][key])
        found.append(began + random.expovariate(trace.changes[step][key]))
    return found


def oracle_hits(reads: list[float], changes: list[float], budget: float) -> float:
    """Share of reads that lifetimes can answer that are made from the true rates, within budget."""
    low, high = 0.0, 20.0
    for _ in range(25):
        price = exp((low + high) / 2)
        hits, stale = _by_key(reads, changes, price)
        if stale > budget:
            low = log(price)
        else:
            high = log(price)
    return hits


def _by_key(reads: list[float], changes: list[float], price: float) -> tuple[float, float]:
    ttls = [best_ttl(read, change, price, 1e6) for read, change in zip(reads, changes, strict=True)]
    return _shares(reads, changes, ttls)


def single_hits(reads: list[float], changes: list[float], budget: float) -> float:
    """Share of reads that the best single lifetime can answer, within budget."""
    low, high = -3.0, 14.0
    for _ in range(25):
        ttl = exp((low + high) / 2)
        hits, stale = _shares(reads, changes, [ttl] * len(reads))
        low, high = (low, log(ttl)) if stale > budget else (log(ttl), high)
    return hits


def _shares(reads: list[float], changes: list[float], ttls: list[float]) -> tuple[float, float]:
    """Shares of all reads that are hits, and that are stale."""
    hits = stale = 0.0
    for read, change, ttl in zip(reads, changes, ttls, strict=True):
        turns = read / (1 + read * ttl)
        hits += turns * read * ttl
        stale += turns * stale_hits(read, change, ttl)
    return hits / sum(reads), stale / sum(reads)
