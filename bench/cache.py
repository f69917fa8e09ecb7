"""The cache beside its peers: what stays stale, what it costs, and what it spares the fleet.

Every row is measured with a server of the benchmark's own, and what a peer can be asked the peer is
asked in the same minutes: pinned, in an environment of its own (see `bench.peers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

from bench.harness import Row
from bench.rig import (
    cache_calls,
    cache_faults,
    cache_fleet,
    cache_hang,
    cache_local,
    cache_matrix,
    cache_stampedes,
    cache_takeover,
    cache_values,
    sql_histories,
)

TIMED = (cache_values, cache_local, cache_calls, cache_stampedes, cache_hang)
"""What depends on the machine's speed, and is measured while nothing else runs."""

COUNTED = (cache_faults, sql_histories)
BESIDE = (cache_takeover, cache_matrix, cache_fleet)
"""What counts, or waits for seconds; a quick run has these three beside the other two."""


def rows(quick: bool) -> Iterator[Row]:
    """Measure; with `quick` less of everything, and two things at a time where that is fair."""
    for part in TIMED:
        yield from part.rows(quick=quick)
    with ThreadPoolExecutor(1) as second:
        beside = second.submit(_all_of, BESIDE) if quick else None
        for part in COUNTED:
            yield from part.rows(quick=quick)
        if beside is not None:
            yield from beside.result()
            return
    for part in BESIDE:
        yield from part.rows(quick=quick)


def _all_of(parts: Sequence[ModuleType]) -> list[Row]:
    return [row for part in parts for row in part.rows(quick=True)]
