"""What the cache for threads and the cache for coroutines do alike: all but the waiting."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import redis

from dbsbm.cache import envelope
from dbsbm.cache.breaker import Breaker
from dbsbm.cache.categories import Category
from dbsbm.cache.codec import EncodeError, decode, encode
from dbsbm.cache.keys import Key
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.stats import Stats

log = logging.getLogger(__name__)

FAILURES: Final = (redis.RedisError, OSError, TimeoutError)
"""All that a client may raise when the server is away, slow, full, read-only or wants a login."""

# The mark that the first reader of a value sets; the answer tells of each key whether it is still
# there to be marked. A value that vanished before it could be marked counts as not read: so a
# clean-up, which spares what is marked, never removes a value that somebody was given.
MARK_READ: Final = f"""
local present = {{}}
for i, key in ipairs(KEYS) do
  local mark = redis.call('GETRANGE', key, 0, 0)
  if mark == '{envelope.UNREAD.decode()}' then
    mark = '{envelope.READ.decode()}'
    redis.call('SETRANGE', key, 0, mark)
  end
  present[i] = mark == '{envelope.READ.decode()}' and 1 or 0
end
return present
"""

_REFUSED_WRITES: Final = ("MISCONF", "NOREPLICAS")


@dataclass(frozen=True, slots=True)
class Entry:
    """A value ready to be stored: its bytes, and for how many milliseconds."""

    data: bytes
    ttl_ms: int


class Core:
    """Counts, breakers and encoding behind a cache.

    There are two breakers because reads may work where writes do not: on a replica, on a full
    server. Attributes: `link` guards every call, `writes` those that store.
    """

    def __init__(self, stats: Stats | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.stats = stats or Stats()
        self.link = Breaker("cache", clock)
        self.writes = Breaker("cache for writing", clock)

    def opened(self, key: Key, stored: bytes | None) -> Any | Miss:
        """Return the value that was stored, or MISS, and count the read."""
        value = unseal(key.category, stored)
        if stored is None or value is MISS:
            self.stats.missed(key.category)
            return MISS
        self.stats.hit(key.category, len(stored))
        return value

    def opened_many(self, stored: Mapping[Key, bytes | None]) -> dict[Key, Any]:
        """Return the values among what was stored, and count the reads."""
        opened = {key: self.opened(key, item) for key, item in stored.items()}
        return {key: value for key, value in opened.items() if value is not MISS}

    def sealed(self, key: Key, value: object, ttl: timedelta | None) -> Entry | None:
        """Encode a value; None, counted as a drop, if it is too large for its category.

        Raises:
            EncodeError: The value cannot be written.
            ValueError: The lifetime is zero or negative.
        """
        payload = encode(value, key.category.codec)
        if len(payload) > key.category.max_bytes:
            self.stats.dropped(key.category)
            log.warning(
                "A value of %d bytes is too large for the cache's %s and is not stored.",
                len(payload),
                key.category.value,
                extra={"action": "cache.refused_value", "key": key.wire},
            )
            return None
        ttl_ms = _lifetime_ms(key.category, ttl)
        return Entry(envelope.seal(payload, ttl_ms), ttl_ms)

    def sealed_or_logged(self, key: Key, value: object, ttl: timedelta | None) -> Entry | None:
        """Like `sealed`, for callers that must not fail: a value it refuses is an error logged."""
        try:
            return self.sealed(key, value, ttl)
        except EncodeError:
            self.stats.dropped(key.category)
            log.exception(
                "A value cannot be cached and is not stored.",
                extra={"action": "cache.refused_value", "key": key.wire},
            )
            return None

    def count_store(self, key: Key, entry: Entry, answer: object) -> bool:
        """Count whether the server stored a value, and tell it."""
        stored = answer is True
        if stored:
            self.stats.stored(key.category, len(entry.data))
        else:
            self.stats.dropped(key.category)
        return stored

    def skipped(self, keys: Sequence[Key]) -> None:
        """Count a call that was not made or did not succeed, once for each category in it."""
        for category in {key.category for key in keys}:
            self.stats.failed(category)

    def failed(self, keys: Sequence[Key], error: Exception) -> None:
        """Count a call that failed, and open the breaker that it concerns."""
        self.skipped(keys)
        if _refuses_writes(error):
            self.writes.failed(error)
        elif not _concerns_one_command(error):
            self.link.failed(error)


def unseal(category: Category, stored: bytes | None) -> Any | Miss:
    """Read what was stored; MISS for a lease and for what cannot be read."""
    if stored is None:
        return MISS
    return decode(envelope.payload(stored), category.codec)


def _lifetime_ms(category: Category, ttl: timedelta | None) -> int:
    lifetime = category.ttl if ttl is None else min(ttl, category.ttl)
    milliseconds = lifetime // timedelta(milliseconds=1)
    if milliseconds < 1:
        raise ValueError("a lifetime must be at least a millisecond")
    return milliseconds


def _refuses_writes(error: Exception) -> bool:
    if isinstance(error, redis.exceptions.ReadOnlyError | redis.exceptions.OutOfMemoryError):
        return True
    return isinstance(error, redis.ResponseError) and str(error).startswith(_REFUSED_WRITES)


def _concerns_one_command(error: Exception) -> bool:
    """The server is well: it answered, and only this command was wrong for this key."""
    return isinstance(error, redis.ResponseError) and str(error).startswith("WRONGTYPE")
