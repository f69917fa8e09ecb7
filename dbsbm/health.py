"""Who is alive: names shared by the canary task, the watchdog and `/status`."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import redis

# A hash on the broker: node name -> when its last canary came through its pool.
WORKERS_KEY = "dbsbm:workers"
FORGET_AFTER = 3600.0


@dataclass(frozen=True, slots=True)
class WorkerPulse:
    """The last canary of one worker.

    Attributes:
        node: The worker's name.
        age: Seconds since the canary came through the pool.
        milliseconds: How long the canary took, queue included.
    """

    node: str
    age: float
    milliseconds: float


def canary_key(nonce: str) -> str:
    """The list on the broker in which a canary reports."""
    return f"dbsbm:canary:{nonce}"


def heartbeat_file(data_dir: Path, node: str) -> Path:
    """The file whose age tells a supervisor on the same machine how long a worker is silent."""
    return data_dir / "run" / "health" / node


def report_canary(broker: redis.Redis, nonce: str) -> None:
    """Say from inside the pool that it works."""
    with broker.pipeline(transaction=True) as pipe:
        pipe.lpush(canary_key(nonce), 1)
        pipe.expire(canary_key(nonce), 60)
        pipe.execute()


def worker_pulses(broker: redis.Redis) -> list[WorkerPulse]:
    """Every worker heard of in the last hour, by name; older ones are forgotten."""
    now = time.time()
    entries = cast(dict[bytes, bytes], broker.hgetall(WORKERS_KEY))
    pulses = []
    for node, text in sorted(entries.items()):
        entry = json.loads(text)
        age = now - entry["at"]
        if age > FORGET_AFTER:
            broker.hdel(WORKERS_KEY, node)
        else:
            pulses.append(WorkerPulse(node.decode(), age, entry["ms"]))
    return pulses
