"""The host that the sampler runs on: processor, memory, swap and disk."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import cast

import psutil
import redis

from dbsbm.monitor.counting.series import Reading, reading

_REMEMBER_SECONDS = 24 * 3600


def read_system(broker: redis.Redis, disk: Path) -> list[Reading]:
    """Read the host's gauges.

    Args:
        broker: Keeps the processor's counters from one sample to the next, whoever takes it: the
            mean between two samples says more than the moment in which a sampler works itself.
        disk: Any path on the disk that the fleet writes to.
    """
    host = socket.gethostname()
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    space = psutil.disk_usage(str(disk))
    cpu = _cpu_percent(broker, host)
    return [
        *([] if cpu is None else [reading("system.cpu_percent", cpu, host=host)]),
        reading("system.memory_percent", memory.percent, host=host),
        reading("system.memory_available_bytes", memory.available, host=host),
        reading("system.swap_percent", swap.percent, host=host),
        reading("system.disk_percent", space.percent, host=host),
        reading("system.disk_free_bytes", space.free, host=host),
    ]


def _cpu_percent(broker: redis.Redis, host: str) -> float | None:
    """Mean use of all processors since the host's last sample, None at its first."""
    total, idle = _cpu_seconds()
    key = f"dbsbm:metrics:cpu:{host}"
    text = broker.set(key, f"{total!r} {idle!r}", ex=_REMEMBER_SECONDS, get=True)
    if text is None:
        return None
    total_before, idle_before = (float(part) for part in cast(bytes, text).split())
    passed = total - total_before
    if passed <= 0:  # the host was restarted
        return None
    return min(100.0, max(0.0, 100 * (1 - (idle - idle_before) / passed)))


def _cpu_seconds() -> tuple[float, float]:
    """Seconds of all processors since the host's start: all, and those without work."""
    times = psutil.cpu_times()._asdict()
    # Linux counts the time of its guests in `user` and `nice` as well.
    total = sum(seconds for kind, seconds in times.items() if not kind.startswith("guest"))
    return total, times["idle"] + times.get("iowait", 0.0)
