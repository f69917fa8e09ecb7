"""The counts of all processes, added up on the server, and those of each process that lives.

They live in the cache: when the server is emptied the totals begin at zero again, and a reader of
rates treats a total that shrank as a restart. Their keys are outside of the values' namespace, so
that writing them wakes no process.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import redis

from dbsbm.cache.away import away
from dbsbm.cache.categories import Category
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.stats import COUNTER_NAMES, Counters, Snapshot, Stats

log = logging.getLogger(__name__)

TOTALS_KEY: Final = "dbsbm:stats:totals"
PROCESSES_KEY: Final = "dbsbm:stats:processes"
SEEN_KEY: Final = "dbsbm:stats:processes_seen"
REMEMBERED_SECONDS: Final = 3600

TOLD_SECONDS: Final = 30.0
"""A process that counts nothing says this often that it lives."""

FORGOTTEN_SECONDS: Final = 120
"""A process that has not said so for this long is not listed; its counts stay in the totals."""

MOST_PROCESSES: Final = 500

# A batch whose answer was lost is sent again, and must count once. What the process has counted
# since it began is written over, so that may be sent any number of times.
_ADD_BATCH: Final = f"""
local now = tonumber(redis.call('TIME')[1])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
redis.call('ZADD', KEYS[4], now, ARGV[2])
for _, gone in ipairs(redis.call('ZRANGE', KEYS[4], '-inf', now - {FORGOTTEN_SECONDS}, 'BYSCORE'))
do
  redis.call('HDEL', KEYS[3], gone)
  redis.call('ZREM', KEYS[4], gone)
end
for _, most in ipairs(redis.call('ZRANGE', KEYS[4], 0, -{MOST_PROCESSES + 1})) do
  redis.call('HDEL', KEYS[3], most)
  redis.call('ZREM', KEYS[4], most)
end
redis.call('EXPIRE', KEYS[3], {FORGOTTEN_SECONDS})
redis.call('EXPIRE', KEYS[4], {FORGOTTEN_SECONDS})
if #ARGV == 3 then return 0 end
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then return 0 end
for i = 4, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
"""

_LIVING: Final = f"""
local now = tonumber(redis.call('TIME')[1])
local answer = {{}}
for _, name in ipairs(
  redis.call('ZRANGE', KEYS[2], '(' .. (now - {FORGOTTEN_SECONDS}), '+inf', 'BYSCORE')
) do
  local told = redis.call('HGET', KEYS[1], name)
  if told then
    answer[#answer + 1] = name
    answer[#answer + 1] = told
  end
end
return answer
"""

Gauges = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProcessCounts:
    """What one living process has counted since it began.

    Attributes:
        name: Its host and process number.
        counts: By category.
        gauges: What else it told, such as how full its own level is and whether its channel to
            the server is alive.
    """

    name: str
    counts: Snapshot
    gauges: Gauges


class StatsFlusher:
    """Adds the counts of one process to the totals, each count once, and tells that it lives.

    Call `flush` at intervals and before the process ends. Threads may share it.

    Args:
        stats: What the process counts.
        client: A client from `connect`.
        gauges: Gives what else to tell of the process, as JSON has it.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        stats: Stats,
        client: redis.Redis,
        *,
        gauges: Callable[[], Gauges] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stats = stats
        self._gauges = gauges
        self._clock = clock
        self._add_batch = client.register_script(_ADD_BATCH)
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Leave the batch under way to the parent process."""
        self._lock = Lock()
        self._batch: tuple[str, Snapshot] | None = None
        self._tell_at = self._clock()
        # A process number comes back, and two hosts may have one name.
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    def flush(self) -> bool:
        """Send what was counted since the last call.

        Returns:
            False when the server did not answer; the next call sends the same batch again.
        """
        with self._lock:
            if self._batch is None:
                self._batch = self._next_batch()
            if self._batch is None and self._clock() < self._tell_at:
                return True
            return self._send(*(self._batch or ("", {})))

    def _next_batch(self) -> tuple[str, Snapshot] | None:
        fresh = self._stats.drain()
        return (secrets.token_hex(16), fresh) if fresh else None

    def _send(self, name: str, batch: Snapshot) -> bool:
        counts = [item for pair in _as_fields(batch).items() for item in pair]
        keys = [TOTALS_KEY, f"dbsbm:stats:batch:{name}", PROCESSES_KEY, SEEN_KEY]
        try:
            self._add_batch(keys=keys, args=[REMEMBERED_SECONDS, self._name, self._told(), *counts])
        except (redis.RedisError, OSError) as error:
            if batch:
                log.info(
                    "The counts of the cache wait for the server: %s",
                    error,
                    extra={"action": "cache.deferred_stats"},
                )
            return False
        self._batch = None
        self._tell_at = self._clock() + TOLD_SECONDS
        return True

    def _told(self) -> str:
        gauges = self._gauges() if self._gauges is not None else {}
        counts = _as_fields(self._stats.snapshot())
        return json.dumps({"counts": counts, "gauges": gauges}, separators=(",", ":"))


def read_totals(client: redis.Redis) -> dict[Category, Counters]:
    """Return the counts of all processes since the server was last empty.

    Raises:
        TransientError: The server does not answer.
    """
    try:
        stored = client.hgetall(TOTALS_KEY)
    except (redis.RedisError, OSError) as error:
        raise away("the counts cannot be read", error) from error
    return _from_fields({_text(name): int(count) for name, count in stored.items()})


def read_processes(client: redis.Redis) -> list[ProcessCounts]:
    """Return what each living process has counted, by name.

    Raises:
        TransientError: The server does not answer.
    """
    try:
        answer = client.register_script(_LIVING)(keys=[PROCESSES_KEY, SEEN_KEY])
    except (redis.RedisError, OSError) as error:
        raise away("the counts cannot be read", error) from error
    processes = []
    for name, told in zip(answer[::2], answer[1::2], strict=True):
        content = json.loads(told)
        label = _text(name).rpartition(":")[0]
        counts = _from_fields(content["counts"])
        processes.append(ProcessCounts(label, counts, content["gauges"]))
    return sorted(processes, key=lambda process: process.name)


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _as_fields(batch: Snapshot) -> dict[str, int]:
    return {
        f"{category}:{name}": count
        for category, counters in batch.items()
        for name in COUNTER_NAMES
        if (count := getattr(counters, name))
    }


def _from_fields(counts: Mapping[str, int]) -> dict[Category, Counters]:
    return {
        category: Counters(*(counts.get(f"{category}:{name}", 0) for name in COUNTER_NAMES))
        for category in Category
    }
