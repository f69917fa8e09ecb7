"""A Discord that is served to all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.delivery.standin import ServedDiscord


@pytest.fixture(scope="module")
def _discord() -> Iterator[ServedDiscord]:
    with ServedDiscord().listening() as served:
        served.client.set_rate_limits(enabled=False)
        yield served


@pytest.fixture
def discord(_discord: ServedDiscord) -> ServedDiscord:
    """Discord without faults and without messages."""
    _discord.client.clear_faults()
    _discord.ahead = 0.0
    for message in _discord.messages():
        _discord.delete(int(message.id))
    return _discord
