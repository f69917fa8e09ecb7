"""`python -m bench.rig.cache_ours WHAT URL ...`: our cache where its peers are asked the same."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

from bench.rig import cache_gate
from bench.rig.cache_sample import BET
from dbsbm.cache import Category, Key
from dbsbm.cache.opening import open_async_cache, open_cache

TTL = timedelta(seconds=15)
COLD = Key.of(Category.GAME_DATA, "cold")
_WRITTEN = 20
"""Rows that are written while the server hangs."""


def hit(url: str, calls: int) -> None:
    """Seconds of a decorated call whose value is in the process already."""
    cache = open_cache(url)

    @cache.cached(Category.GAME_DATA)
    def bet(number: int) -> dict[str, Any]:
        return dict(BET, id=number)

    for _ in range(1000):
        bet(1)
    began = time.perf_counter()
    for _ in range(calls):
        bet(1)
    cache_gate.report(seconds=(time.perf_counter() - began) / calls)
    cache.close()


def stampede(url: str, callers: int, load_seconds: float) -> None:
    """Callers of one cold key at the same moment."""
    cache = open_cache(url)
    loads = count()

    def load() -> dict[str, Any]:
        next(loads)
        time.sleep(load_seconds)
        return BET

    def call(_: int) -> float:
        began = time.perf_counter()
        cache.get_or_load(COLD, load, ttl=TTL)
        return time.perf_counter() - began

    cache.get(Key.of(Category.GAME_DATA, "opens the connection"))
    with ThreadPoolExecutor(callers) as pool:
        # All threads are there before the signal, as the peers' coroutines are.
        everybody = threading.Barrier(callers)
        list(pool.map(lambda _: everybody.wait(), range(callers)))
        cache_gate.wait()
        latencies = list(pool.map(call, range(callers)))
    cache_gate.report(loads=next(loads), latencies=latencies)
    cache.close()


async def stampede_async(url: str, callers: int, load_seconds: float) -> None:
    """The same with coroutines."""
    cache = open_async_cache(url)
    loads = 0

    async def load() -> dict[str, Any]:
        nonlocal loads
        loads += 1
        await asyncio.sleep(load_seconds)
        return BET

    async def call() -> float:
        began = time.perf_counter()
        await cache.get_or_load(COLD, load, ttl=TTL)
        return time.perf_counter() - began

    await cache.get(Key.of(Category.GAME_DATA, "opens the connection"))
    cache_gate.wait()
    latencies = await asyncio.gather(*(call() for _ in range(callers)))
    cache_gate.report(loads=loads, latencies=latencies)
    await cache.close()


def hold(url: str) -> None:
    """Begin a load that never ends."""

    def load() -> None:
        cache_gate.wait()
        threading.Event().wait()

    open_cache(url).get_or_load(COLD, load, ttl=TTL)


def hang(url: str, calls: int) -> None:
    """Calls while the server hangs, a writer that writes meanwhile, and what is read after."""
    reader, writer = open_cache(url), open_cache(url)  # two caches of a process share nothing
    truth = dict.fromkeys(range(_WRITTEN), 0)
    steady, loads = Key.of(Category.GAME_DATA, "steady"), count()

    def read(number: int) -> int:
        return int(reader.get_or_load(_row(number), lambda: truth[number]))

    def is_served() -> bool:
        """Whether what nobody has written comes from the cache."""
        before = next(loads)
        reader.get_or_load(steady, lambda: next(loads))
        return next(loads) == before + 1

    while not is_served() or any(map(read, truth)):
        pass
    cache_gate.wait()
    latencies = []
    for number in range(calls):
        key = Key.of(Category.GAME_DATA, "cold", number)
        began = time.perf_counter()
        reader.get_or_load(key, lambda: 0)
        latencies.append(time.perf_counter() - began)
    while is_served():
        pass
    for number in truth:
        truth[number] = 1
        writer.invalidate(_row(number))
    cache_gate.report(latencies=latencies)
    cache_gate.wait()
    began, stale = time.perf_counter(), 0
    while not is_served():
        stale += sum(read(number) != written for number, written in truth.items())
    recovery = time.perf_counter() - began
    stale += sum(read(number) != written for _ in range(100) for number, written in truth.items())
    cache_gate.report(recovery=recovery, stale=stale)
    reader.close()
    writer.close()


def _row(number: int) -> Key:
    return Key.of(Category.GAME_DATA, "row", number)


if __name__ == "__main__":
    what, address, *numbers = sys.argv[1:]
    measures: dict[str, Callable[..., Any]] = {
        "hit": hit,
        "stampede": stampede,
        "stampede_async": stampede_async,
        "hold": hold,
        "hang": hang,
    }
    outcome = measures[what](address, *(float(n) if "." in n else int(n) for n in numbers))
    if outcome is not None:
        asyncio.run(outcome)
