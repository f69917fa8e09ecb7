"""What cashews does where our benchmarks ask. Run by its own Python: see `bench.peers`."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import Any

import cache_gate
from cache_sample import BET
from cashews import Cache

TTL = 15


def open_cache(url: str, **options: Any) -> Cache:
    cache = Cache()
    cache.setup(url, **options)
    return cache


async def hit(url: str, calls: int) -> None:
    """Seconds of a decorated call whose value is in the process already."""
    cache = open_cache(url, client_side=True)

    @cache(ttl="1h", key="bet:{number}")
    async def bet(number: int) -> dict[str, Any]:
        return dict(BET, id=number)

    for _ in range(1000):
        await bet(1)
    began = time.perf_counter()
    for _ in range(calls):
        await bet(1)
    cache_gate.report(seconds=(time.perf_counter() - began) / calls)
    await cache.close()


async def stampede(url: str, callers: int, load_seconds: float) -> None:
    """Callers of one cold key at the same moment."""
    cache = open_cache(url)
    loads = 0

    @cache(ttl=TTL, key="cold", lock=True)
    async def cold() -> dict[str, Any]:
        nonlocal loads
        loads += 1
        await asyncio.sleep(load_seconds)
        return BET

    await cache.get("opens the connection")
    cache_gate.wait()

    async def call() -> float:
        began = time.perf_counter()
        await cold()
        return time.perf_counter() - began

    latencies = await asyncio.gather(*(call() for _ in range(callers)))
    cache_gate.report(loads=loads, latencies=latencies)
    await cache.close()


async def hold(url: str) -> None:
    """Begin a load that never ends."""
    cache = open_cache(url)

    @cache(ttl=TTL, key="cold", lock=True)
    async def cold() -> None:
        cache_gate.wait()
        await asyncio.Event().wait()

    await cold()


async def hang(url: str, calls: int) -> None:
    """Decorated calls while the server hangs."""
    cache = open_cache(url, client_side=True, suppress=True)

    @cache(ttl="1h", key="bet:{number}")
    async def bet(number: int) -> dict[str, Any]:
        return BET

    await bet(0)
    cache_gate.wait()
    latencies = []
    for number in range(calls):
        began = time.perf_counter()
        await bet(number)
        latencies.append(time.perf_counter() - began)
    cache_gate.report(latencies=latencies)


async def stale(url: str, keys: int, writes: int) -> None:
    """Two clients that both write, and which keys one of them reads wrong for good."""
    options = {"client_side": True}
    reader, writer = (open_cache(url, **options) for _ in range(2))
    truth = dict.fromkeys(range(keys), 0)

    async def write(cache: Cache, key: int) -> None:
        truth[key] += 1
        await cache.set(f"row:{key}", truth[key], expire=3600)

    async def read() -> None:
        while not done.is_set():
            for key in range(keys):
                await reader.get(f"row:{key}")
            await asyncio.sleep(0)

    for key in range(keys):
        await write(writer, key)
    done = asyncio.Event()
    reading = asyncio.create_task(read())
    for number in range(writes):
        await write(writer if number % 2 else reader, number % keys)
        await asyncio.sleep(0.001)
    await asyncio.sleep(2)  # far longer than a push takes on the loopback interface
    done.set()
    await reading
    wrong = [key for key in truth if await reader.get(f"row:{key}") != truth[key]]
    cache_gate.report(stale=len(wrong), keys=keys)


if __name__ == "__main__":
    logging.disable()  # it logs a traceback of each of the failures that are asked for here
    what, address, *numbers = sys.argv[1:]
    measure = {"hit": hit, "stampede": stampede, "hold": hold, "hang": hang, "stale": stale}[what]
    asyncio.run(measure(address, *(float(n) if "." in n else int(n) for n in numbers)))
