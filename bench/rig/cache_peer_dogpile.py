"""What dogpile.cache does where our benchmarks ask. Run by its own Python: see `bench.peers`."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import cache_gate
from cache_sample import BET
from dogpile.cache import make_region

TTL = 15


def stampede(url: str, callers: int, load_seconds: float) -> None:
    """Callers of one cold key at the same moment."""
    parts = urlsplit(url)
    region = make_region().configure(
        "dogpile.cache.redis",
        expiration_time=TTL,
        arguments={
            "host": parts.hostname,
            "port": parts.port,
            "distributed_lock": True,
            "thread_local_lock": False,
        },
    )
    loads = count()

    def load() -> dict[str, Any]:
        next(loads)
        time.sleep(load_seconds)
        return BET

    def call(_: int) -> float:
        began = time.perf_counter()
        region.get_or_create("cold", load)
        return time.perf_counter() - began

    region.get("opens the connection")
    with ThreadPoolExecutor(callers) as pool:
        cache_gate.wait()
        latencies = list(pool.map(call, range(callers)))
    cache_gate.report(loads=next(loads), latencies=latencies)


if __name__ == "__main__":
    _, address, callers, load_seconds = sys.argv[1:]
    stampede(address, int(callers), float(load_seconds))
