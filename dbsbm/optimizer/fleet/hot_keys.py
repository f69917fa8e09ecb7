"""The keys that all processes read most, from the cache's own log of them."""

from __future__ import annotations

import redis

from dbsbm.cache.operating.hotlog import SLOT_SECONDS, Hot, read_hot
from dbsbm.errors import TransientError
from dbsbm.optimizer.fleet.evidence import HotKey
from dbsbm.optimizer.missing import Missing

_SLOTS = 2
"""The last 10 to 20 minutes: what is hot now, and not what was at noon."""
_HOTTEST = 50


def read_hot_keys(cache: redis.Redis) -> tuple[HotKey, ...] | Missing:
    """The hottest keys, or why they cannot be read."""
    try:
        return tuple(_hot_key(hot) for hot in read_hot(cache, _HOTTEST, slots=_SLOTS))
    except TransientError as error:
        return Missing(f"The log of hot keys could not be read ({type(error).__name__}).")


def _hot_key(hot: Hot) -> HotKey:
    # The newest slot is not over: at most this time is in what was read.
    return HotKey(hot.wire, hot.category, hot.reads / (_SLOTS * SLOT_SECONDS), hot.share)
