"""The cache: ten categories of values on a Redis or Valkey that may vanish at any time.

    cache = open_cache(settings.cache)
    key = Key.of(Category.GAME_DATA, "nfl", game_id)
    game = cache.get_or_load(key, lambda: load_game(game_id))

Importing opens no connection. A failure of the server costs milliseconds and is a miss.
"""

from dbsbm.cache.aio import AsyncCache
from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.errors import LoadTimeout, RecursiveLoad
from dbsbm.cache.keys import Key
from dbsbm.cache.miss import MISS, Miss
from dbsbm.cache.opening import open_async_cache, open_cache
from dbsbm.cache.operating.cleanup import CleanupReport, clean_up
from dbsbm.cache.operating.health import CacheHealth, check
from dbsbm.cache.operating.totals import StatsFlusher, read_totals
from dbsbm.cache.server.connection import connect, connect_async
from dbsbm.cache.stats import Counters, Stats
from dbsbm.cache.values.encode_errors import EncodeError
from dbsbm.cache.values.signing import Keyring

__all__ = [
    "MISS",
    "AsyncCache",
    "Cache",
    "CacheHealth",
    "Category",
    "CleanupReport",
    "Counters",
    "EncodeError",
    "Key",
    "Keyring",
    "LoadTimeout",
    "Miss",
    "RecursiveLoad",
    "Stats",
    "StatsFlusher",
    "check",
    "clean_up",
    "connect",
    "connect_async",
    "open_async_cache",
    "open_cache",
    "read_totals",
]
