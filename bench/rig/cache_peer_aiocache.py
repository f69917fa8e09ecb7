"""What aiocache does where our benchmarks ask. Run by its own Python: see `bench.peers`."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import cache_gate
from aiocache import Cache, cached, cached_stampede
from aiocache.serializers import PickleSerializer
from cache_sample import BET

TTL = 15


def _options(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "cache": Cache.REDIS,
        "endpoint": parts.hostname,
        "port": parts.port,
        "serializer": PickleSerializer(),
        "ttl": TTL,
    }


async def stampede(url: str, callers: int, load_seconds: float) -> None:
    """Callers of one cold key at the same moment."""
    loads = 0

    @cached_stampede(lease=2, key_builder=lambda *_: "cold", **_options(url))
    async def cold() -> dict[str, Any]:
        nonlocal loads
        loads += 1
        await asyncio.sleep(load_seconds)
        return BET

    await cold.cache.get("opens the connection")
    cache_gate.wait()

    async def call() -> float:
        began = time.perf_counter()
        await cold()
        return time.perf_counter() - began

    latencies = await asyncio.gather(*(call() for _ in range(callers)))
    cache_gate.report(loads=loads, latencies=latencies)
    await cold.cache.close()


async def hang(url: str, calls: int) -> None:
    """Decorated calls while the server hangs."""

    @cached(key_builder=lambda _, number: f"bet:{number}", **_options(url))
    async def bet(number: int) -> dict[str, Any]:
        return BET

    await bet(0)
    cache_gate.wait()
    latencies, errors = [], 0
    for number in range(calls):
        began = time.perf_counter()
        try:
            await bet(number)
        except Exception:  # noqa: BLE001 - that it raises at all is what is measured
            errors += 1
        latencies.append(time.perf_counter() - began)
    cache_gate.report(latencies=latencies, errors=errors)


if __name__ == "__main__":
    logging.disable()  # it logs a traceback of each of the failures that are asked for here
    what, address, *numbers = sys.argv[1:]
    measure = {"stampede": stampede, "hang": hang}[what]
    asyncio.run(measure(address, *(float(n) if "." in n else int(n) for n in numbers)))
