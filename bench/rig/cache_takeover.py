"""A key whose loader's process is killed: when the others have it, and what their waiting costs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.harness import Row, progress
from bench.rig import cache_peers
from bench.rig.cache_crowd import Meter, cache_server, release, workers
from bench.rig.cache_peers import Command
from tests.servers import ValkeyServer

PROCESSES = 4
CALLERS = 5
"""Of each process: 20 in all."""
GIVE_UP = 60.0


@dataclass(frozen=True, slots=True)
class Takeover:
    """Seconds from the holder's end until the last caller had the value, and what they sent."""

    seconds: float
    commands: int


def rows(quick: bool) -> Iterator[Row]:
    """Ours some times, and the peer once: it waits for as long as the value would live."""
    with cache_server() as server:
        progress("holder killed: ours")
        ours = [_takeover(server, _ours) for _ in range(1 if quick else 5)]
        progress("holder killed: cashews, lock")
        theirs = _takeover(server, cache_peers.cashews())
    name = "holder killed, a value that lives 15 s, 20 callers"
    yield Row(
        f"{name}: until all have it",
        max(each.seconds for each in ours),
        "s",
        floor=2,
        aim=1,
        peers={"cashews, lock": theirs.seconds},
        runs=len(ours),
    )
    yield Row(
        f"{name}: commands",
        max(each.commands for each in ours),
        "commands",
        floor=200,
        aim=50,
        peers={"cashews, lock": theirs.commands},
        runs=len(ours),
    )


def _ours(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "bench.rig.cache_ours", *map(str, arguments)]


def _takeover(server: ValkeyServer, contender: Command) -> Takeover:
    server.flush()
    meter = Meter(server)
    # The callers' own load takes no time to speak of; the holder is ready when its load has begun.
    callers = contender("stampede", server.url, CALLERS, 0.001)
    holder = contender("hold", server.url)
    with workers([callers] * PROCESSES) as crowd, workers([holder]) as holding:
        meter.reset()
        for worker in holding:
            worker.kill()
        began = time.perf_counter()
        release(crowd, GIVE_UP)
        return Takeover(time.perf_counter() - began, meter.total())
