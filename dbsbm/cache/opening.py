"""Opening a cache with all that belongs to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

from dbsbm.cache.aio import DEADLINE, AsyncCache
from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.engine.core import Copy
from dbsbm.cache.engine.front import Settings
from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.local.hotkeys import HotKeys
from dbsbm.cache.local.store import LocalStore
from dbsbm.cache.policy.policies import Policies
from dbsbm.cache.server.channel import Channel
from dbsbm.cache.server.clocks import uptime
from dbsbm.cache.server.connection import CONNECT_TIMEOUT, TIMEOUT, connect, connect_async
from dbsbm.cache.stats import Stats
from dbsbm.cache.values.pickles import PickleAllowance
from dbsbm.cache.values.serializer import Serializer
from dbsbm.cache.values.signing import Keyring

LOCAL_BYTES: Final = 32 * 1024 * 1024
"""Memory for the copies of one process."""


def open_cache(
    url: str | SecretStr,
    password: SecretStr | None = None,
    *,
    local_bytes: int = LOCAL_BYTES,
    keyring: Keyring | None = None,
    pickles: PickleAllowance | None = None,
    connect_timeout: float = CONNECT_TIMEOUT,
    timeout: float = TIMEOUT,
) -> Cache:
    """Return a cache with copies in this process, watched over by a channel. Opens no connection.

    Close it in the end, which closes its connections too.

    Args:
        url: `redis://`, `rediss://` or `unix://`, with the password or without.
        password: Goes before a password of the URL.
        local_bytes: Memory for the copies of this process.
        keyring: Signs what is stored; then nothing that is not signed is believed.
        pickles: Classes that may be pickled, which takes a keyring.
        connect_timeout: Seconds to wait for a connection.
        timeout: Seconds to wait for each answer.

    Raises:
        ConfigError: The URL is none, or pickles are allowed without a keyring.
    """
    client = connect(url, password, connect_timeout=connect_timeout, timeout=timeout)
    channel = Channel(client, timeout=timeout)
    cache = Cache(client, **_settings(channel, local_bytes, Serializer(keyring, pickles)))
    cache.on_close(client.close)
    return cache


def open_async_cache(
    url: str | SecretStr,
    password: SecretStr | None = None,
    *,
    local_bytes: int = LOCAL_BYTES,
    keyring: Keyring | None = None,
    pickles: PickleAllowance | None = None,
    connect_timeout: float = CONNECT_TIMEOUT,
    timeout: float = TIMEOUT,
    deadline: float = DEADLINE,
) -> AsyncCache:
    """Return a cache for the coroutines of one event loop. See `open_cache` and `AsyncCache`."""
    watching = connect(url, password, connect_timeout=connect_timeout, timeout=timeout)
    client = connect_async(url, password, connect_timeout=connect_timeout)
    channel = Channel(watching, timeout=timeout)
    settings = _settings(channel, local_bytes, Serializer(keyring, pickles))
    cache = AsyncCache(client, deadline=deadline, **settings)
    cache.on_close(watching.close)
    cache.on_close_await(client.aclose)
    return cache


def _settings(channel: Channel, local_bytes: int, serializer: Serializer) -> Settings:
    stats, hot = Stats(), HotKeys(uptime)
    local = _counted_store(local_bytes, stats, hot)
    stats.collect_with(local.drain)
    return {
        "stats": stats,
        "local": local,
        "channel": channel,
        "policies": Policies(),
        "serializer": serializer,
        "hot": hot,
    }


def _counted_store(max_bytes: int, stats: Stats, hot: HotKeys) -> LocalStore:
    """Return a store whose hits and evictions are counted."""

    def count_hits(hits: Mapping[LocalEntry, int]) -> None:
        reads: defaultdict[Category, int] = defaultdict(int)
        sizes: defaultdict[Category, int] = defaultdict(int)
        for entry, count in hits.items():
            reads[entry.category] += count
            sizes[entry.category] += count * (
                entry.stored_size if isinstance(entry, Copy) else entry.size
            )
        hot.add_many({entry.wire: count for entry, count in hits.items() if count > 0})
        for category, count in reads.items():
            stats.local_hits(category, count, sizes[category])

    def count_eviction(entry: LocalEntry) -> None:
        stats.evicted(entry.category)

    return LocalStore(max_bytes, on_hits=count_hits, on_evict=count_eviction, clock=uptime)
