"""Finds the pool's size by trying a few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dbsbm.optimizer.sizing.scalability import Scalability, fit

PROBES: Final = 3


@dataclass(frozen=True, slots=True)
class Sizing:
    """What the probes have shown.

    Attributes:
        size: The smallest pool that reaches 95 % of the best throughput.
        measured: Size -> throughput, as it was measured.
        curve: What it was concluded from.
    """

    size: int
    measured: dict[int, float]
    curve: Scalability


def find_knee(
    probe: Callable[[int], float], *, largest: int, smallest: int = 1, probes: int = PROBES
) -> Sizing:
    """Measure a small pool, the largest, and then where the knee should be.

    Args:
        probe: Measures the throughput of a pool of this size, under more load than it can take.
        largest: What the server's `max_connections` leaves a process.
        smallest: The first size to try.
        probes: How often to measure, at least 3; each further one is at the knee, or beside it.

    Raises:
        ValueError: There are fewer than 3 sizes to choose from.
    """
    if largest - smallest < 2:
        raise ValueError("there is nothing to choose from: allow for 3 sizes at least")
    measured = {size: probe(size) for size in (smallest, largest)}
    while len(measured) < probes:
        size = _untried(measured, _guess(measured, largest), smallest, largest)
        if size is None:
            break
        measured[size] = probe(size)
    curve = fit(measured)
    return Sizing(curve.knee(largest), measured, curve)


def _guess(measured: dict[int, float], largest: int) -> int:
    if len(measured) > 2:
        return fit(measured).knee(largest)
    # Between what one connection does and what all do together there is at most their quotient.
    first, last = sorted(measured)
    return round(first * measured[last] / measured[first])


def _untried(measured: dict[int, float], guess: int, smallest: int, largest: int) -> int | None:
    near = sorted(range(smallest, largest + 1), key=lambda size: abs(size - guess))
    return next((size for size in near if size not in measured), None)
