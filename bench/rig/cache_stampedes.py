"""Many callers in many processes, all at once, of one key that is not there."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench.harness import Row, percentile, progress
from bench.rig import cache_peers
from bench.rig.cache_crowd import Meter, cache_server, release, workers
from tests.servers import ValkeyServer

PROCESSES = 4
CALLERS = 50
LOAD = 0.2
GIVE_UP = 60.0


@dataclass(frozen=True, slots=True)
class Stampede:
    """What one cold key cost. `slowest` is the callers' 99th percentile over the load's time."""

    loads: int
    commands: int
    slowest: float


def rows(quick: bool) -> Iterator[Row]:
    """Ours with threads and with coroutines, and the peers."""
    contenders = {
        "ours": partial(_ours, "stampede"),
        "ours, coroutines": partial(_ours, "stampede_async"),
        "cashews, lock": partial(cache_peers.cashews(), "stampede"),
        "dogpile, distributed lock": partial(cache_peers.dogpile(), "stampede"),
        "aiocache, cached_stampede": partial(cache_peers.aiocache(), "stampede"),
    }
    with cache_server() as server:
        yield from _stampedes(server, contenders, rounds=1 if quick else 5)


def _ours(what: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "bench.rig.cache_ours", what, *map(str, arguments)]


def _stampedes(
    server: ValkeyServer, contenders: Mapping[str, partial[list[str]]], rounds: int
) -> Iterator[Row]:
    measured: dict[str, list[Stampede]] = {name: [] for name in contenders}
    for turn in range(rounds):
        for name in list(contenders)[:: 1 if turn % 2 == 0 else -1]:
            progress(f"stampede {turn + 1} of {rounds}: {name}")
            measured[name].append(_stampede(server, contenders[name]))
    wanted: tuple[tuple[str, str, str, float, float], ...] = (
        ("loads", "loads", "loads", 1, 1),
        ("commands", "commands", "commands", 100, 30),
        ("p99 over the load's time", "slowest", "x", 1.15, 1.05),
    )
    for title, attribute, unit, floor, aim in wanted:
        values = {
            name: [float(getattr(each, attribute)) for each in found]
            for name, found in measured.items()
        }
        ours = values.pop("ours")
        yield Row(
            f"cold stampede, {PROCESSES} processes of {CALLERS} callers: {title}",
            # A count is promised of every run, a time of the middle one.
            median(ours) if attribute == "slowest" else max(ours),
            unit,
            floor=floor,
            aim=aim,
            peers={name: median(found) for name, found in values.items()},
            runs=rounds,
        )


def _stampede(server: ValkeyServer, contender: partial[list[str]]) -> Stampede:
    server.flush()
    meter = Meter(server)
    with workers([contender(server.url, CALLERS, LOAD)] * PROCESSES) as crowd:
        meter.reset()
        reports = release(crowd, GIVE_UP)
        commands = meter.total()
    latencies = [seconds for report in reports for seconds in report["latencies"]]
    loads = sum(report["loads"] for report in reports)
    return Stampede(loads, commands, percentile(latencies, 99) / LOAD)
