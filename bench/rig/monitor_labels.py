"""Memory under a label whose values have no end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Row
from bench.rig.monitor_child import ask
from tests.servers import BROKER_OPTIONS, start_valkey


def rows(*, quick: bool) -> Iterator[Row]:
    """Growth of the process after a million values, and whether each was counted."""
    count, share = (200_000, 10) if quick else (1_000_000, 20)
    with (
        tempfile.TemporaryDirectory() as folder,
        start_valkey(Path(folder) / "broker", *BROKER_OPTIONS) as broker,
    ):
        ours = ask("monitor_flood", "ours", count, env={"BENCH_BROKER": broker.url})
    # All of them would take the peer gigabytes: a part, times what it is a part of.
    peer = ask("monitor_flood", "prometheus", count // share)["mib"] * share
    yield Row(
        f"memory of {count:,} values of a label",
        max(0.0, ours["mib"]),
        "MiB",
        floor=32,
        aim=32,
        peers={f"prometheus_client, from {count // share:,}": peer},
    )
    yield Row(
        f"of {count:,} values not counted",
        count - ours["counted"],
        "values",
        floor=0,
        aim=0,
    )
