"""The machine: processor, memory, swap and disk, read on every host by one of its processes."""

from __future__ import annotations

import socket
from functools import cache
from pathlib import Path
from typing import cast

import psutil
import redis

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.pace import Pace, unless_away

READ_SECONDS = 15.0
_REMEMBER_SECONDS = 24 * 3600


def watch_host(recorder: Recorder, broker: redis.Redis, disk: Path) -> None:
    """Record `system.*` of this machine; of all processes that watch it, one reads at a time.

    Containers of one machine share its kernel, and are one host.

    Args:
        recorder: Where the readings go; one that is off attaches nothing.
        broker: Keeps whose turn it is, and the processor's counters from one reading to the next.
        disk: Any path on the disk that the fleet writes to.
    """
    if recorder.enabled:
        recorder.add_source(unless_away(_Host(recorder, broker, disk).read))


class _Host:
    def __init__(self, recorder: Recorder, broker: redis.Redis, disk: Path) -> None:
        self._recorder = recorder
        self._broker = broker
        self._disk = disk
        self._pace = Pace(READ_SECONDS)
        self._key = f"dbsbm:metrics:host:{_machine()}"

    def read(self) -> None:
        if not (self._pace.is_due() and self._take_turn()):
            return
        host = self._name()
        memory, space = psutil.virtual_memory(), psutil.disk_usage(str(self._disk))
        readings = {
            "system.cpu_percent": self._cpu_percent(),
            "system.memory_percent": memory.percent,
            "system.memory_available_bytes": memory.available,
            "system.swap_percent": psutil.swap_memory().percent,
            "system.disk_percent": space.percent,
            "system.disk_free_bytes": space.free,
        }
        for name, value in readings.items():
            if value is not None:
                self._recorder.gauge(name, value, host=host)

    def _take_turn(self) -> bool:
        """True for one process of the machine in each period."""
        milliseconds = int(1000 * READ_SECONDS) - 500  # over before anybody's next turn
        return bool(self._broker.set(f"{self._key}:turn", 1, nx=True, px=milliseconds))

    def _name(self) -> str:
        """The machine's name: of several containers, that of the first that ever read it."""
        key = f"{self._key}:name"
        name = self._broker.getex(key, ex=_REMEMBER_SECONDS)
        if name is None:
            self._broker.set(key, socket.gethostname(), ex=_REMEMBER_SECONDS)
            return socket.gethostname()
        return cast(bytes, name).decode()

    def _cpu_percent(self) -> float | None:
        """Mean use of all processors since the last reading, None at the first."""
        total, idle = _cpu_seconds()
        text = self._broker.set(
            f"{self._key}:cpu", f"{total!r} {idle!r}", ex=_REMEMBER_SECONDS, get=True
        )
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


@cache
def _machine() -> str:
    """The same in every container of a machine, and another on every machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        return socket.gethostname()
