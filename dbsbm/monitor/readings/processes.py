"""The fleet's processes and their memory. Each announces itself; who falls silent is forgotten."""

from __future__ import annotations

import json
import os
import socket
from collections import defaultdict
from time import monotonic
from typing import cast

import psutil
import redis

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.counting.series import Reading, reading

PROCESSES = "dbsbm:metrics:processes"
_SEEN = "dbsbm:metrics:processes_seen"

# Proportional memory takes the kernel some milliseconds to add up.
_ANNOUNCE_SECONDS = 30.0
_FORGET_SECONDS = 100

_ANNOUNCE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
"""
_PRESENT = """
local now = tonumber(redis.call('TIME')[1])
for _, gone in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', now - ARGV[1], 'BYSCORE')) do
    redis.call('HDEL', KEYS[1], gone)
    redis.call('ZREM', KEYS[2], gone)
end
return redis.call('HVALS', KEYS[1])
"""


def announce(recorder: Recorder, broker: redis.Redis, role: str) -> None:
    """Have this process tell its memory while it lives.

    Args:
        recorder: Its thread does the telling; it is started.
        broker: Where the processes are listed.
        role: What the process is, such as `worker.images`.
    """
    recorder.add_source(_Announcer(broker, role).tell)
    recorder.start()


def read_processes(broker: redis.Redis) -> list[Reading]:
    """Read how many processes each role has, their memory together and that of the largest."""
    present = broker.register_script(_PRESENT)
    texts = cast(list[bytes], present(keys=[PROCESSES, _SEEN], args=[_FORGET_SECONDS]))
    sizes: dict[str, list[int]] = defaultdict(list)
    for text in texts:
        entry = json.loads(text)
        sizes[entry["role"]].append(entry["bytes"])
    return [
        found
        for role, values in sorted(sizes.items())
        for found in (
            reading("process.count", len(values), role=role),
            reading("process.memory_bytes", sum(values), role=role),
            reading("process.memory_bytes.max", max(values), role=role),
        )
    ]


class _Announcer:
    """Tells at most every 30 seconds; a forked child tells for itself."""

    def __init__(self, broker: redis.Redis, role: str) -> None:
        self._announce = broker.register_script(_ANNOUNCE)
        self._role = role
        self._told: tuple[int, float] | None = None

    def tell(self) -> None:
        process, now = os.getpid(), monotonic()
        if self._told and self._told[0] == process and now - self._told[1] < _ANNOUNCE_SECONDS:
            return
        entry = json.dumps({"role": self._role, "bytes": _own_memory()})
        self._announce(keys=[PROCESSES, _SEEN], args=[f"{socket.gethostname()}:{process}", entry])
        self._told = process, now


def _own_memory() -> int:
    """Proportional set size: a page shared by n processes counts 1/n, so sums are true.

    Where the system does not know it (macOS), the memory that is this process's alone.
    """
    memory = psutil.Process().memory_full_info()
    return int(getattr(memory, "pss", None) or memory.uss)
