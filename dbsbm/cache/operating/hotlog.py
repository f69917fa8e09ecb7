"""The log of hot keys: what all processes read most, in slots of ten minutes, on the server.

A process knows its own hot keys (`dbsbm.cache.local.hotkeys`), by their share of the reads that
found something. Each adds to the log what that share comes to of the hits it had since it last
did, so that a busy process weighs more than an idle one. The log is bounded, and made of
estimates: it says where to look and what to warm.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Protocol

import redis

from dbsbm.cache.away import away
from dbsbm.cache.categories import Category
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.keys import version_and_category
from dbsbm.cache.stats import Stats

log = logging.getLogger(__name__)

SLOT_SECONDS: Final = 600
SLOTS: Final = 12
MOST_KEYS: Final = 1000
"""Keys in a slot. Those with the fewest reads make room."""

ADDED_KEYS: Final = 100
ADD_SECONDS: Final = 2.0
"""A process forgets within seconds what it read: that is how it notices what becomes hot."""

_LEAST_READS: Final = 0.05
_FADING: Final = 0.7
"""What a slot weighs against the one after it."""

_SLOT: Final = f"math.floor(tonumber(redis.call('TIME')[1]) / {SLOT_SECONDS})"

_ADD: Final = f"""
local slot = 'dbsbm:hot:' .. {_SLOT}
for i = 2, #ARGV, 2 do redis.call('ZINCRBY', slot, ARGV[i + 1], ARGV[i]) end
redis.call('ZREMRANGEBYRANK', slot, 0, -{MOST_KEYS + 1})
redis.call('INCRBY', slot .. ':reads', ARGV[1])
for _, key in ipairs({{slot, slot .. ':reads'}}) do
  redis.call('EXPIRE', key, {SLOT_SECONDS * (SLOTS + 1)})
end
"""

_READ: Final = f"""
local now, answer = {_SLOT}, {{}}
for age = 0, tonumber(ARGV[1]) - 1 do
  local slot = 'dbsbm:hot:' .. (now - age)
  answer[2 * age + 1] = redis.call('GET', slot .. ':reads') or '0'
  answer[2 * age + 2] = redis.call('ZRANGE', slot, 0, ARGV[2] - 1, 'REV', 'WITHSCORES')
end
return answer
"""


class _HotKey(Protocol):
    @property
    def wire(self) -> str: ...

    @property
    def share(self) -> float: ...


class HotSource(Protocol):
    """What knows the hot keys of this process."""

    def top(self, n: int) -> Sequence[_HotKey]:
        """Return the keys that were read most, the hottest first."""


@dataclass(frozen=True, slots=True)
class Hot:
    """A key that is read often.

    Attributes:
        wire: The key on the server.
        reads: About how often it was read and found, recent reads weighing more.
        share: Its part of all such reads, 0 to 1.
    """

    wire: str
    reads: float
    share: float

    @property
    def category(self) -> Category | None:
        """Its category, None if this release does not know it."""
        known = version_and_category(self.wire)
        return known[1] if known else None


class HotLogger:
    """Adds the hot keys of one process to the log. Threads may share it.

    Args:
        hot: The hot keys of this process.
        stats: Its counts, for the number of hits.
        client: A client from `connect`.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        hot: HotSource,
        stats: Stats,
        client: redis.Redis,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hot = hot
        self._stats = stats
        self._clock = clock
        self._add = client.register_script(_ADD)
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Have logged nothing."""
        self._lock = Lock()
        self._logged_reads = 0
        self._next_at = self._clock()

    def flush(self) -> bool:
        """Add what was read since the last time, if that is two seconds ago.

        Returns:
            False when the server did not answer; the reads go with those of the next time.
        """
        with self._lock:
            if self._clock() < self._next_at:
                return True
            self._next_at = self._clock() + ADD_SECONDS
            reads = sum(each.hits for each in self._stats.snapshot().values())
            if not self._send(reads - self._logged_reads):
                return False
            self._logged_reads = reads
            return True

    def _send(self, reads: int) -> bool:
        arguments: list[Any] = [reads]
        for key in self._hot.top(ADDED_KEYS):
            if key.share * reads >= _LEAST_READS:
                arguments += [key.wire, f"{key.share * reads:.3f}"]
        if len(arguments) == 1:
            return True
        try:
            self._add(args=arguments)
        except (redis.RedisError, OSError) as error:
            log.info(
                "The log of hot keys waits for the server: %s",
                error,
                extra={"action": "cache.deferred_hot_log"},
            )
            return False
        return True


def read_hot(client: redis.Redis, limit: int, *, slots: int = SLOTS) -> list[Hot]:
    """Return the keys that all processes read most, the hottest first.

    Args:
        client: A client from `connect`.
        limit: How many, at most.
        slots: Of how many of the last slots, up to `SLOTS`; 1 for up to ten minutes.

    Raises:
        TransientError: The server does not answer.
    """
    try:
        answer = client.register_script(_READ)(args=[slots, max(limit, MOST_KEYS // 2)])
    except (redis.RedisError, OSError) as error:
        raise away("the log of hot keys cannot be read", error) from error
    weights = [_FADING**age for age in range(slots)]
    reads = sum(weight * int(each) for weight, each in zip(weights, answer[::2], strict=True))
    scores: dict[str, float] = defaultdict(float)
    for weight, pairs in zip(weights, answer[1::2], strict=True):
        for wire, score in _pairs(pairs):
            scores[wire] += weight * score
    hottest = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return [Hot(wire, score, min(1.0, score / reads) if reads else 0.0) for wire, score in hottest]


def current_slot(client: redis.Redis) -> int:
    """Return the number of the slot that is being written.

    Raises:
        TransientError: The server does not answer.
    """
    try:
        return int(client.time()[0]) // SLOT_SECONDS
    except (redis.RedisError, OSError) as error:
        raise away("the log of hot keys cannot be read", error) from error


def read_slot(client: redis.Redis, number: int, limit: int = MOST_KEYS) -> dict[str, float]:
    """Return about how often keys were read and found in one slot.

    Args:
        client: A client from `connect`.
        number: Of the slot: its beginning, in the server's Unix time, over `SLOT_SECONDS`.
        limit: How many keys, those that were read most.

    Raises:
        TransientError: The server does not answer.
    """
    try:
        pairs = client.zrange(f"dbsbm:hot:{number}", 0, limit - 1, desc=True, withscores=True)
    except (redis.RedisError, OSError) as error:
        raise away("the log of hot keys cannot be read", error) from error
    return dict(_pairs(pairs))


def faded(older: Sequence[Hot], newer: Sequence[Hot], limit: int) -> list[Hot]:
    """Add an older reading of the log, which weighs less, to a newer one that may lack much."""
    scores = {hot.wire: hot.reads * _FADING for hot in older}
    for hot in newer:
        scores[hot.wire] = max(hot.reads, scores.get(hot.wire, 0.0))
    shares = {hot.wire: hot.share for hot in newer}
    hottest = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return [Hot(wire, score, shares.get(wire, 0.0)) for wire, score in hottest]


def _pairs(scored: Sequence[Any]) -> list[tuple[str, float]]:
    """What a script answers depends on the protocol: pairs, or names and scores in turn."""
    if scored and not isinstance(scored[0], list | tuple):
        scored = list(zip(scored[::2], scored[1::2], strict=True))
    return [(_text(wire), float(score)) for wire, score in scored]


def _text(name: bytes | str) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name
