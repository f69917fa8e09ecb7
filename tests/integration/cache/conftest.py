"""Clients of the cache server of the test: patient ones, and ones as hasty as in production."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from dbsbm.cache import Cache, connect
from tests.servers import ValkeyServer


@pytest.fixture
def client(valkey_cache: ValkeyServer) -> Iterator[redis.Redis]:
    """A client that waits on a busy machine: counts must not depend on its speed."""
    with connect(valkey_cache.url, connect_timeout=30, timeout=30) as client:
        yield client


@pytest.fixture
def cache(client: redis.Redis) -> Cache:
    return Cache(client)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool
