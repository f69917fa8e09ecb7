"""The fleet's processes and their children, and which of them were lost.

A main process tells of itself and of its children, so that a child that comes or goes is right at
the next telling and never counted twice. Each main process has a *place* among those of its role:
the smallest number that was free when it came. A child has a number within its parent in the same
way. Both name the series, whose number is therefore bounded by how many live at once, however many
come and go in a year.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic, time
from typing import Any, cast

import psutil
import redis

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.pace import Pace, unless_away
from dbsbm.monitor.readings.unreadable import say_unreadable

PROCESSES = "dbsbm:metrics:processes"
SEEN = "dbsbm:metrics:processes_seen"

# Proportional memory takes the kernel some milliseconds to add up.
TELL_SECONDS = 15.0
FORGET_SECONDS = 100
"""A process that has not told anything for so long is lost."""

_ANNOUNCE = """
local entry = cjson.decode(ARGV[2])
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then
    entry.place = cjson.decode(known).place
else
    local taken = {}
    for _, text in ipairs(redis.call('HVALS', KEYS[1])) do
        local other = cjson.decode(text)
        if other.role == entry.role then taken[other.place] = true end
    end
    entry.place = 1
    while taken[entry.place] do entry.place = entry.place + 1 end
end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(entry))
redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[1])
return entry.place
"""
_TAKE_LOST = """
local lost = {}
local silent_since = redis.call('TIME')[1] - ARGV[1]
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], '-inf', silent_since, 'BYSCORE')) do
    local text = redis.call('HGET', KEYS[1], id)
    if text then table.insert(lost, text) end
    redis.call('HDEL', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
end
return lost
"""


def watch_processes(recorder: Recorder, broker: redis.Redis, role: str) -> None:
    """Have this process tell of itself and its children while it lives; call it before any fork.

    Args:
        recorder: Its thread does the telling; it is started. One that is off attaches nothing.
        broker: Where the processes are listed.
        role: What the process is, such as `worker.images`.
    """
    if not recorder.enabled:
        return
    group = _Group(recorder, broker, role)
    recorder.add_source(unless_away(group.tell))
    atexit.register(group.say_goodbye)
    recorder.start()


def read_processes(recorder: Recorder, broker: redis.Redis) -> None:
    """Record `process.count` by role, and `worker.lost` for those that fell silent.

    Whoever ends as it should takes leave; silence without that is a loss, of which one reader alone
    is told.
    """
    lost = broker.register_script(_TAKE_LOST)(keys=[PROCESSES, SEEN], args=[FORGET_SECONDS])
    for text in cast(list[bytes], lost):
        recorder.add("worker.lost", role=json.loads(text)["role"], cause="silent")
    counts: Counter[str] = Counter()
    for entry in listed(broker):
        counts[entry["role"]] += 1 + entry["children"]
    for role, count in sorted(counts.items()):
        recorder.gauge("process.count", count, role=role)


def listed(broker: redis.Redis) -> list[dict[str, Any]]:
    """The main processes that are listed: `role`, `place`, `host`, `pid` and `children`."""
    return [json.loads(text) for text in cast(list[bytes], broker.hvals(PROCESSES))]


class _Group:
    """One main process and its children."""

    def __init__(self, recorder: Recorder, broker: redis.Redis, role: str) -> None:
        self._recorder = recorder
        self._broker = broker
        self._role = role
        self._id = uuid.uuid4().hex
        self._pace = Pace(TELL_SECONDS)
        self._numbers = _Numbers()
        self._cpu = _CpuMeter()
        self._main = psutil.Process()

    def tell(self) -> None:
        """Announce the group and record what each of its processes uses."""
        # A forked child has this source too, and is told of by its parent.
        if os.getpid() != self._main.pid or not self._pace.is_due():
            return
        children = self._main.children()
        place = self._announce(len(children))
        self._read(str(place), self._main)
        for number, child in self._numbers.of(children):
            self._read(f"{place}.{number}", child)
        self._cpu.forget_all_but({self._main, *children})

    def say_goodbye(self) -> None:
        """Take the group off the list: its end is no loss."""
        if os.getpid() != self._main.pid:
            return
        with suppress(redis.RedisError), self._broker.pipeline(transaction=True) as pipe:
            pipe.hdel(PROCESSES, self._id)
            pipe.zrem(SEEN, self._id)
            pipe.execute()

    def _announce(self, children: int) -> int:
        entry = {
            "role": self._role,
            "host": socket.gethostname(),
            "pid": self._main.pid,
            "children": children,
        }
        announce = self._broker.register_script(_ANNOUNCE)
        return int(cast(int, announce(keys=[PROCESSES, SEEN], args=[self._id, json.dumps(entry)])))

    def _read(self, name: str, process: psutil.Process) -> None:
        labels = {"role": self._role, "process": name}
        try:
            with process.oneshot():
                cpu = self._cpu.percent(process)
                memory, threads = _memory(process), process.num_threads()
        except psutil.NoSuchProcess:  # it ended just now
            return
        except psutil.AccessDenied as error:
            say_unreadable(f"the memory of {self._role}", error)
            return
        self._recorder.gauge("process.memory_bytes", memory, **labels)
        self._recorder.gauge("process.cpu_percent", cpu, **labels)
        self._recorder.gauge("process.threads", threads, **labels)
        with suppress(psutil.Error):
            self._recorder.gauge("process.descriptors", process.num_fds(), **labels)


def _memory(process: psutil.Process) -> int:
    """Proportional set size: a page shared by n processes counts 1/n, so sums are true.

    Where the system does not know it (macOS), the memory that is the process's alone.
    """
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", None) or memory.uss)


class _Numbers:
    """Gives each child the smallest free number from 1, for as long as it lives."""

    def __init__(self) -> None:
        self._numbers: dict[psutil.Process, int] = {}

    def of(self, children: list[psutil.Process]) -> Iterator[tuple[int, psutil.Process]]:
        """The children with their numbers; those that are gone give theirs back."""
        self._numbers = {child: n for child, n in self._numbers.items() if child in children}
        for child in children:
            if child not in self._numbers:
                taken = set(self._numbers.values())
                self._numbers[child] = next(
                    n for n in range(1, len(children) + 1) if n not in taken
                )
            yield self._numbers[child], child


class _CpuMeter:
    """Share of one processor that each process used since it was last asked about."""

    def __init__(self) -> None:
        self._last: dict[psutil.Process, tuple[float, float]] = {}

    def percent(self, process: psutil.Process) -> float:
        """Mean since the last call, for a process that is new since its start."""
        times = process.cpu_times()
        used, now = times.user + times.system, monotonic()
        used_before, before = self._last.get(
            process, (0.0, now - max(0.0, time() - process.create_time()))
        )
        self._last[process] = used, now
        return 100 * max(0.0, used - used_before) / max(now - before, 0.001)

    def forget_all_but(self, living: set[psutil.Process]) -> None:
        """Drop what is remembered of processes that ended."""
        self._last = {process: last for process, last in self._last.items() if process in living}
