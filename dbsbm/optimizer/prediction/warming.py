"""Which values to load before a game starts, and when."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import exp
from typing import Final

from dbsbm.optimizer.prediction.demand import Demand, Slot

FROM, UNTIL = -1800.0, 600.0
"""Seconds about a start in which a miss is part of the burst."""
TOLERATED_WASTE: Final = 0.07
"""Share of the loads that may turn out to be for nothing, by expectation: 10 % are the limit."""
_EARLY: Final = 30.0
"""Seconds that a value is loaded before it should be there: many are loaded one after another."""


@dataclass(frozen=True, slots=True)
class Warm:
    """One load before its time.

    Attributes:
        slot: What to load.
        at: When, Unix time.
        chance: Probability that it is read before it ends.
    """

    slot: Slot
    at: float
    chance: float


def plan(
    demand: Demand,
    coming: Iterable[Slot],
    lifetimes: Mapping[str, float],
    *,
    tolerated_waste: float = TOLERATED_WASTE,
) -> list[Warm]:
    """Choose the loads that are most likely to be needed, in the order of their times.

    A value that ends within the burst is loaded again for what is left of it. Loads are chosen by
    their chance, as many as keep the expected share of needless ones within what is tolerated.

    Args:
        demand: Learned from the games before.
        coming: The games that come.
        lifetimes: Seconds that a value of a kind lives; kinds that are not named are left out.
        tolerated_waste: Share of the loads that may be needless.
    """
    candidates = sorted(
        (each for slot in coming for each in _candidates(demand, slot, lifetimes)),
        key=lambda each: each.chance,
        reverse=True,
    )
    chosen: list[Warm] = []
    needless = 0.0
    for each in candidates:
        needless += 1 - each.chance
        if needless > tolerated_waste * (len(chosen) + 1):
            break
        chosen.append(each)
    return sorted(chosen, key=lambda each: each.at)


def _candidates(demand: Demand, slot: Slot, lifetimes: Mapping[str, float]) -> Iterator[Warm]:
    lifetime, reads = lifetimes.get(slot.kind), demand.expected(slot)
    if lifetime is None or not reads:
        return
    offsets = demand.offsets[slot.kind, slot.league]
    # The first read of a slot with many reads comes early in the burst: so does its first load.
    first = offsets[min(len(offsets) - 1, int(len(offsets) / max(1.0, reads) * 0.05))]
    begins = max(FROM, first) - _EARLY
    while begins < UNTIL:
        share = _share(offsets, begins, begins + lifetime)
        yield Warm(slot, slot.starts_at + begins, 1 - exp(-reads * share))
        begins += lifetime


def _share(offsets: list[float], since: float, until: float) -> float:
    return (bisect_left(offsets, until) - bisect_left(offsets, since)) / len(offsets)
