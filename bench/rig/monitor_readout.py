"""What it takes to read everything after many children have come and gone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Row
from bench.rig.monitor_child import ask
from bench.rig.monitor_forks import OBSERVATIONS
from bench.rig.monitor_observe import PEER
from tests.servers import BROKER_OPTIONS, start_valkey

LIFETIMES = 200


def rows(*, quick: bool) -> Iterator[Row]:
    """Processor time of one read-out and bytes that are kept, and both against the peer."""
    lifetimes = 50 if quick else LIFETIMES
    with tempfile.TemporaryDirectory() as folder:
        with start_valkey(Path(folder) / "broker", *BROKER_OPTIONS) as broker:
            ours = ask("monitor_forks", "ours", lifetimes, env={"BENCH_BROKER": broker.url})
        files = Path(folder) / "files"
        files.mkdir()
        env = {"PROMETHEUS_MULTIPROC_DIR": str(files)}
        peer = ask("monitor_forks", "prometheus", lifetimes, env=env)
    yield Row(
        f"counts lost over {lifetimes} lifetimes of children",
        lifetimes * OBSERVATIONS - ours["done"],
        "counts",
        floor=0,
        aim=0,
        peers={PEER: lifetimes * OBSERVATIONS - peer["done"]},
    )
    for what, unit, scale in (("seconds", "ms", 1e3), ("bytes", "KiB", 1 / 1024)):
        yield Row(
            f"one read-out after {lifetimes} lifetimes, {what}",
            ours[what] * scale,
            unit,
            peers={PEER: peer[what] * scale},
        )
        yield Row(
            f"one read-out after {lifetimes} lifetimes, {what}, times cheaper",
            peer[what] / ours[what],
            "x",
            better="higher",
            floor=5 if quick else 20,
            aim=25 if quick else 100,
        )
