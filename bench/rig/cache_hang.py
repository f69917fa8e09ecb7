"""A cache server that hangs: what a call costs meanwhile, and what is served after."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.harness import Row, percentile, progress
from bench.rig import cache_peers
from bench.rig.cache_crowd import cache_server, release, workers
from bench.rig.cache_peers import Command
from tests.servers import ValkeyServer

GIVE_UP = 60.0


@dataclass(frozen=True, slots=True)
class Hang:
    """What a hung server cost one process.

    Attributes:
        calls: Seconds of each call but the first.
        recovery: Seconds until a value was served by the cache again.
        stale: Reads after that which gave what was overwritten while the server hung.
    """

    calls: list[float]
    recovery: float
    stale: int


PEERS = {
    # The first call of cashews finds its value in the process.
    "cashews": (cache_peers.cashews, 3),
    "aiocache": (cache_peers.aiocache, 1),
}
"""How each is started, and how many calls it makes, which take seconds each."""


def rows(quick: bool) -> Iterator[Row]:
    """Freeze the server (SIGSTOP), call, write, let it go on, and read."""
    # Peers do nothing but wait, each for a server of its own, so they wait beside ours.
    with ThreadPoolExecutor() as beside, cache_server() as server:
        peers = {name: beside.submit(_frozen, *peer) for name, peer in PEERS.items()}
        ours = [_ours(server) for _ in range(1 if quick else 5)]
        waits = {name: percentile(peer.result(), 99) * 1000 for name, peer in peers.items()}
    calls = [seconds for each in ours for seconds in each.calls]
    name = "cache server hung"
    yield Row(
        f"{name}: p99 of a call after the first",
        percentile(calls, 99) * 1000,
        "ms",
        floor=5,
        aim=2,
        peers=waits,
        runs=len(calls),
    )
    yield Row(
        f"{name}: served again after it goes on",
        max(each.recovery for each in ours),
        "s",
        floor=2,
        aim=1,
        runs=len(ours),
    )
    yield Row(
        f"{name}: stale after it, of what was written meanwhile",
        sum(each.stale for each in ours),
        "reads",
        floor=0,
        aim=0,
        runs=len(ours),
    )


def _frozen(worker: Callable[[], Command], calls: int) -> list[float]:
    """Seconds of a peer's calls."""
    with cache_server() as server, workers([worker()("hang", server.url, calls)]) as crowd:
        server.freeze()
        try:
            [report] = release(crowd, GIVE_UP)
        finally:
            server.thaw()
    return list(report["latencies"])


def _ours(server: ValkeyServer) -> Hang:
    progress("hung server: ours")
    server.flush()
    command = [sys.executable, "-m", "bench.rig.cache_ours", "hang", server.url, "2000"]
    with workers([command]) as [ours]:
        server.freeze()
        try:
            ours.go()
            calls = ours.result(GIVE_UP)["latencies"]
            ours.wait_ready()
        finally:
            server.thaw()
        ours.go()
        after = ours.result(GIVE_UP)
    return Hang(calls[1:], after["recovery"], after["stale"])
