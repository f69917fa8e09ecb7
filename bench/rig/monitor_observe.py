"""What one observation costs in a prefork child, delivery included."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Row, alternate
from bench.rig.monitor_child import ask
from tests.servers import BROKER_OPTIONS, start_valkey

PEER = "prometheus_client, multiprocess"


def rows(*, quick: bool) -> Iterator[Row]:
    """The time itself, and how many times the peer's it is."""
    count, rounds = (100_000, 4) if quick else (400_000, 10)
    with (
        tempfile.TemporaryDirectory() as folder,
        start_valkey(Path(folder) / "broker", *BROKER_OPTIONS) as broker,
    ):
        measured = alternate(
            {
                "ours": lambda: _ask("ours", count, broker.url, folder),
                PEER: lambda: _ask("prometheus", count // 4, broker.url, folder),
            },
            rounds,
        )
    ours, peer = measured["ours"], measured[PEER]
    yield Row(
        "one observation in a prefork child",
        ours.median,
        "us",
        aim=0.8,
        peers={PEER: peer.median},
        runs=ours.runs,
        spread=ours.spread,
    )
    yield Row(
        "one observation, times cheaper",
        peer.median / ours.median,
        "x",
        better="higher",
        floor=2,
        aim=4,
        runs=ours.runs,
        spread=ours.spread,
    )


def _ask(contender: str, count: int, broker: str, folder: str) -> float:
    env = {"BENCH_BROKER": broker}
    if contender == "prometheus":
        env["PROMETHEUS_MULTIPROC_DIR"] = folder
    return float(ask("monitor_observers", contender, count, env=env))
