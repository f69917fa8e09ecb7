from __future__ import annotations

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers import ValkeyServer


@pytest.fixture
def cache(valkey_cache: ValkeyServer) -> redis.Redis:
    return valkey_cache.client(socket_timeout=2, retry=Retry(NoBackoff(), 0))
