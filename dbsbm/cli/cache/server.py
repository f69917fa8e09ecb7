"""The cache's server as a command uses it: with patience, for a person waits and no member does."""

from __future__ import annotations

from typing import Any, Final

import redis

from dbsbm.cache.server.connection import connect
from dbsbm.cache.values.serializer import Serializer
from dbsbm.cache.values.signing import Keyring
from dbsbm.settings import load_settings

CONNECT_TIMEOUT: Final = 2.0
TIMEOUT: Final = 10.0


def open_client() -> redis.Redis:
    """Return a client of the cache's server."""
    return connect(load_settings().cache, connect_timeout=CONNECT_TIMEOUT, timeout=TIMEOUT)


def serializer() -> Serializer:
    """Return what opens the values of the fleet's processes."""
    return Serializer(Keyring.of(load_settings().secret_key))


def add_json(parser: Any) -> None:
    """Have a command take --json."""
    parser.add_argument("--json", action="store_true", help="print JSON")
