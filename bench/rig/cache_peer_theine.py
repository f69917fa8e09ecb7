"""What theine keeps where our benchmarks ask. Run by its own Python: see `bench.peers`."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path

import cache_gate
from theine import Cache


def hits(trace: str, capacity: str) -> None:
    """Hits of a cache of so many entries on the requests of a file, 4 bytes each."""
    cache: Cache[int, int] = Cache(int(capacity))
    requests = array("I", Path(trace).read_bytes())
    found = 0
    for key in requests:
        _, is_there = cache.get(key)
        if is_there:
            found += 1
        else:
            cache.set(key, key)
    cache_gate.report(ratio=found / len(requests))


if __name__ == "__main__":
    hits(*sys.argv[1:])
