from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from dbsbm.providers.gateway import CallRecord
from dbsbm.providers.guard import Guard
from dbsbm.providers.registry import Registry, build_registry
from dbsbm.sandbox.providers import ProviderSandbox, SandboxControl
from dbsbm.sandbox.providers.clock import Clock

KEY = "5ec7e75ec7e75ec7e75ec7e75ec7e75e"
NOW = datetime(2026, 11, 20, 14, 15, tzinfo=UTC)
"""A Friday: an always-on game runs, soccer is an hour away from its first whistle."""


@pytest.fixture(scope="session")
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def sandbox(_loop: asyncio.AbstractEventLoop) -> Iterator[ProviderSandbox]:
    """A sandbox whose clock stands at NOW, served from a thread."""
    server = ProviderSandbox(clock=Clock(lambda: NOW))
    asyncio.run_coroutine_threadsafe(server.start(), _loop).result(10)
    yield server
    asyncio.run_coroutine_threadsafe(server.stop(), _loop).result(10)


@pytest.fixture
def control(sandbox: ProviderSandbox) -> Iterator[SandboxControl]:
    with SandboxControl(sandbox.url) as client:
        yield client


@dataclass
class Fleet:
    """Both adapters against one sandbox, and everything their observer saw."""

    sandbox: ProviderSandbox
    guard: Guard = field(default_factory=lambda: Guard(None))
    records: list[CallRecord] = field(default_factory=list)

    def build(self, *, daily_limit: int = 7500, deadline: float = 10.0) -> Registry:
        return build_registry(
            ("espn", "apisports"),
            guard=self.guard,
            espn_base_url=self.sandbox.espn_url,
            apisports_base_url=self.sandbox.apisports_url,
            apisports_key=SecretStr(KEY),
            apisports_daily_limit=daily_limit,
            deadline_seconds=deadline,
            on_call=self.records.append,
        )


@pytest.fixture
def fleet(sandbox: ProviderSandbox) -> Fleet:
    return Fleet(sandbox)


@pytest.fixture
def providers(fleet: Fleet) -> Iterator[Registry]:
    with fleet.build() as registry:
        yield registry
