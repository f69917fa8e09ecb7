"""How every process of the fleet connects to the broker for the fleet's own keys."""

from __future__ import annotations

import redis
from pydantic import SecretStr


def connect_broker(url: SecretStr) -> redis.Redis:
    """A client of the broker for the fleet's own keys; tasks go through Celery. Opens nothing."""
    return redis.Redis.from_url(
        url.get_secret_value(),
        protocol=3,
        socket_connect_timeout=2,
        socket_timeout=5,
        health_check_interval=25,
    )
