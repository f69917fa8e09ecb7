"""The counts of all processes, added up in one hash on the server.

The hash lives in the cache: when the server is emptied the totals begin at zero again, and a reader
of rates treats a total that shrank as a restart.
"""

from __future__ import annotations

import logging
import secrets
from threading import Lock
from typing import Final

import redis

from dbsbm.cache.categories import Category
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.keys import NAMESPACE
from dbsbm.cache.stats import COUNTER_NAMES, Counters, Snapshot, Stats
from dbsbm.errors import TransientError

log = logging.getLogger(__name__)

TOTALS_KEY: Final = f"{NAMESPACE}stats"
REMEMBERED_SECONDS: Final = 3600

# A batch whose answer was lost is sent again, and must count once.
_ADD_BATCH: Final = """
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then return 0 end
for i = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
"""


class StatsFlusher:
    """Adds the counts of one process to the totals, each count once.

    Call `flush` at intervals and before the process ends. Threads may share it.
    """

    def __init__(self, stats: Stats, client: redis.Redis) -> None:
        self._stats = stats
        self._add_batch = client.register_script(_ADD_BATCH)
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Leave the batch under way to the parent process."""
        self._lock = Lock()
        self._batch: tuple[str, Snapshot] | None = None

    def flush(self) -> bool:
        """Send what was counted since the last call.

        Returns:
            False when the server did not answer; the next call sends the same batch again.
        """
        with self._lock:
            if self._batch is None:
                self._batch = self._next_batch()
            return self._batch is None or self._send(*self._batch)

    def _next_batch(self) -> tuple[str, Snapshot] | None:
        fresh = self._stats.drain()
        return (secrets.token_hex(16), fresh) if fresh else None

    def _send(self, name: str, batch: Snapshot) -> bool:
        counts = [item for pair in _as_fields(batch).items() for item in pair]
        keys = [TOTALS_KEY, f"{TOTALS_KEY}:batch:{name}"]
        try:
            self._add_batch(keys=keys, args=[REMEMBERED_SECONDS, *counts])
        except redis.RedisError as error:
            log.info(
                "The counts of the cache wait for the server: %s",
                error,
                extra={"action": "cache.deferred_stats"},
            )
            return False
        self._batch = None
        return True


def read_totals(client: redis.Redis) -> dict[Category, Counters]:
    """Return the counts of all processes since the server was last empty.

    Raises:
        TransientError: The server does not answer.
    """
    try:
        stored = client.hgetall(TOTALS_KEY)
    except redis.RedisError as error:
        raise TransientError(f"The totals of the cache cannot be read: {error}") from error
    counts = {_text(name): int(count) for name, count in stored.items()}
    return {
        category: Counters(*(counts.get(f"{category}:{name}", 0) for name in COUNTER_NAMES))
        for category in Category
    }


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _as_fields(batch: Snapshot) -> dict[str, int]:
    return {
        f"{category}:{name}": count
        for category, counters in batch.items()
        for name in COUNTER_NAMES
        if (count := getattr(counters, name))
    }
