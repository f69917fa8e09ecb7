"""A cache server that hangs: what a call costs meanwhile, and what is served after."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.harness import Row, percentile, progress
from bench.rig import cache_peers
from bench.rig.cache_crowd import cache_server, release, workers
from tests.servers import ValkeyServer

GIVE_UP = 60.0


def rows(quick: bool) -> Iterator[Row]:
    """Freeze the server (SIGSTOP), call, write, let it go on, and read."""
    with cache_server() as server:
        cashews = percentile(_frozen(server, cache_peers.cashews()("hang", server.url, 3)), 99)
        aiocache = percentile(_frozen(server, cache_peers.aiocache()("hang", server.url, 1)), 99)
        name = "cache server hung"
        calls, recoveries, stale = _ours(server, rounds=1 if quick else 5)
        yield Row(
            f"{name}: p99 of a call after the first",
            percentile(calls, 99) * 1000,
            "ms",
            floor=5,
            aim=2,
            peers={"cashews": cashews * 1000, "aiocache": aiocache * 1000},
            runs=len(calls),
        )
        yield Row(
            f"{name}: served again after it goes on",
            max(recoveries),
            "s",
            floor=2,
            aim=1,
            runs=len(recoveries),
        )
        yield Row(
            f"{name}: stale after it, of what was written meanwhile",
            stale,
            "reads",
            floor=0,
            runs=len(recoveries),
        )


def _frozen(server: ValkeyServer, command: list[str]) -> list[float]:
    """Seconds of a peer's calls. Its first ones are no slower than its later ones."""
    progress(f"hung server: {command[1]}")
    server.flush()
    with workers([command]) as crowd:
        server.freeze()
        try:
            [report] = release(crowd, GIVE_UP)
        finally:
            server.thaw()
    return list(report["latencies"])


def _ours(server: ValkeyServer, rounds: int) -> tuple[list[float], list[float], int]:
    calls: list[float] = []
    recoveries, stale = [], 0
    for turn in range(rounds):
        progress(f"hung server {turn + 1} of {rounds}: ours")
        server.flush()
        with workers(
            [[sys.executable, "-m", "bench.rig.cache_ours", "hang", server.url, "2000"]]
        ) as [ours]:
            server.freeze()
            ours.go()
            calls += ours.result(GIVE_UP)["latencies"][1:]
            ours.wait_ready()
            server.thaw()
            ours.go()
            after = ours.result(GIVE_UP)
        recoveries.append(after["recovery"])
        stale += after["stale"]
    return calls, recoveries, stale
