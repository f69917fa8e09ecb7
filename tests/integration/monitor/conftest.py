from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dbsbm.monitor.counting.recorder import Recorder
from tests.servers import ValkeyServer


@pytest.fixture
def broker(valkey_broker: ValkeyServer) -> redis.Redis:
    return valkey_broker.client(socket_timeout=2, retry=Retry(NoBackoff(), 0))


@pytest.fixture
def cache(valkey_cache: ValkeyServer) -> redis.Redis:
    return valkey_cache.client(socket_timeout=2, retry=Retry(NoBackoff(), 0))


@pytest.fixture
def new_recorder(broker: redis.Redis) -> Iterator[Callable[..., Recorder]]:
    """Makes recorders that deliver only when told, unless the test asks for a short pause."""
    recorders = []

    def make(flush_seconds: float = 3600) -> Recorder:
        recorders.append(Recorder(broker, flush_seconds=flush_seconds))
        return recorders[-1]

    yield make
    for recorder in recorders:
        recorder.close()
