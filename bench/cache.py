"""The cache beside its peers: what stays stale, what it costs, and what it spares the fleet.

Every row is measured with a server of the benchmark's own, and what a peer can be asked the peer is
asked in the same minutes: pinned, in an environment of its own (see `bench.peers`).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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

TIMED = (cache_values, cache_local, cache_calls, cache_stampedes)
"""What depends on the machine's speed, and is measured while nothing else runs."""

WAITING = (cache_takeover, cache_hang, cache_matrix)
"""What mostly waits for peers and tests, and may run beside what counts."""

COUNTED = (cache_faults, sql_histories, cache_fleet)


def rows(quick: bool) -> Iterator[Row]:
    """Measure; with `quick` less of everything, and what waits beside what counts."""
    for part in TIMED:
        yield from part.rows(quick=quick)
    if not quick:
        for part in WAITING:
            yield from part.rows(quick=quick)
    with ThreadPoolExecutor(1) as beside:
        waiting = [
            beside.submit(lambda part=part: [*part.rows(quick=True)]) for part in WAITING if quick
        ]
        for part in COUNTED:
            yield from part.rows(quick=quick)
        for measured in waiting:
            yield from measured.result()
