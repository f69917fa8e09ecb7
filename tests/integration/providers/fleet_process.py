"""What a worker process does in the tests of the shared guard."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import redis
from pydantic import SecretStr

from dbsbm.providers.errors import ProviderError
from dbsbm.providers.guard import Guard
from dbsbm.providers.registry import build_registry

THREADS = 4


def spend(redis_port: int, sandbox_url: str, daily_limit: int, calls: int) -> list[str]:
    """Ask API-Sports so often from several threads, and return how each call ended."""
    client = redis.Redis(port=redis_port)
    with (
        client,
        build_registry(
            ("apisports",),
            guard=Guard(client),
            espn_base_url="http://127.0.0.1:1",
            apisports_base_url=f"{sandbox_url}/apisports/{{host}}",
            apisports_key=SecretStr("k" * 32),
            apisports_daily_limit=daily_limit,
        ) as providers,
        ThreadPoolExecutor(THREADS) as pool,
    ):

        def one(number: int) -> str:
            # A day of its own for every call, so that no answer is shared.
            day = date(2026, 11, 1) + timedelta(days=number)
            try:
                providers["apisports"].games("nhl", day, with_odds=False)
            except ProviderError as error:
                return error.outcome
            return "ok"

        return list(pool.map(one, range(calls)))


def outcome(redis_port: int, sandbox_url: str) -> str:
    """Ask once and return how it ended."""
    return spend(redis_port, sandbox_url, 100, 1)[0]
