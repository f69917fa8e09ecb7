"""`ours|prometheus COUNT`: the memory that a label takes which never has a value twice."""

from __future__ import annotations

import json
import os
import sys

import psutil
import redis

from dbsbm.monitor.counting.handover import Handover
from dbsbm.monitor.counting.recorder import Recorder

MIB = 2**20


def _resident() -> float:
    return float(psutil.Process().memory_info().rss) / MIB


def ours(count: int) -> dict[str, float]:
    """Memory here and on the broker, and how many values reached it, as whichever series."""
    client = redis.Redis.from_url(os.environ["BENCH_BROKER"])
    recorder = Recorder(client)
    recorder.add("warm", 1)
    recorder.flush()
    before = _resident()
    for number in range(count):
        recorder.add("flood", 1, user=f"user {number}")
    grown = _resident() - before
    recorder.close()
    found = Handover(client).take()
    counted = overflow = 0.0
    for minute in found.minutes.values():
        for series, stats in minute.items():
            counted += stats.total if series.startswith("counter|flood|") else 0
            overflow += stats.total if series == "counter|flood|user=other" else 0
    broker = float(client.info("memory")["used_memory"]) / MIB
    return {"mib": grown, "counted": counted, "overflow": overflow, "broker": broker}


def prometheus(count: int) -> dict[str, float]:
    """Memory of its counter, in one process."""
    from prometheus_client import Counter  # noqa: PLC0415 - ours is measured without it

    counter = Counter("flood", "Users.", ["user"])
    counter.labels("warm").inc()
    before = _resident()
    for number in range(count):
        counter.labels(f"user {number}").inc()
    return {"mib": _resident() - before}


if __name__ == "__main__":
    print(json.dumps({"ours": ours, "prometheus": prometheus}[sys.argv[1]](int(sys.argv[2]))))
